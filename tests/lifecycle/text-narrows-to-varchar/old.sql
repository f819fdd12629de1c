CREATE TABLE people (n bigint PRIMARY KEY, name text NOT NULL, city text);
CREATE UNIQUE INDEX people_name ON people (lower(name));
