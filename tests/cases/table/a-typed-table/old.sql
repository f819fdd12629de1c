CREATE TYPE person AS (name text, born date);
CREATE TABLE plain (id int PRIMARY KEY);
