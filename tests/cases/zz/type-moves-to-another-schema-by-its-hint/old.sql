CREATE SCHEMA b;
CREATE TYPE kind AS ENUM ('a', 'b');
CREATE TABLE customers (id int PRIMARY KEY, k kind NOT NULL DEFAULT 'a');
