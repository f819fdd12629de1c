CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE FUNCTION clean(x text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(x)';
CREATE TABLE users (id int PRIMARY KEY, email text, old_email text);
CREATE TABLE parts (id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
