CREATE TABLE people (n bigint PRIMARY KEY, name varchar(60) NOT NULL, city text);
CREATE INDEX people_name ON people (name);
