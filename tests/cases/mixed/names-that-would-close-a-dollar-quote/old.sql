CREATE TABLE "a$pgrehearse$; DROP TABLE b; --" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "n$pgrehearse$" int);
CREATE TABLE b (id int PRIMARY KEY);
GRANT USAGE ON SEQUENCE "a$pgrehearse$; DROP TABLE b; --_id_seq" TO owner_one;
