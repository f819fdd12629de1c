CREATE SCHEMA "Some Where";
CREATE SCHEMA come;
CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL, rank integer);

CREATE TABLE "Some Where".t (id int PRIMARY KEY);
CREATE PUBLICATION p FOR TABLES IN SCHEMA public, come WITH (publish = 'insert');
CREATE PUBLICATION q FOR TABLES IN SCHEMA "Some Where";
CREATE PUBLICATION of_both FOR TABLE orders, TABLES IN SCHEMA "Some Where", come;
