CREATE TABLE people (n bigint PRIMARY KEY, name varchar(20) NOT NULL, city text);
CREATE INDEX people_name ON people (name);
