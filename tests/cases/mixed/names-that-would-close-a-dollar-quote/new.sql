CREATE TABLE "a$pgrehearse$; DROP TABLE b; --" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "n$pgrehearse$" bigint);
CREATE TABLE b (id int PRIMARY KEY);
GRANT USAGE, SELECT ON SEQUENCE "a$pgrehearse$; DROP TABLE b; --_id_seq" TO owner_one;
