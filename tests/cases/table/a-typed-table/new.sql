CREATE TYPE person AS (name text, born date);
CREATE TABLE plain (id int PRIMARY KEY);
CREATE TABLE people OF person (name WITH OPTIONS NOT NULL, PRIMARY KEY (name));
