CREATE TABLE cities (name text NOT NULL, people int DEFAULT 0, CHECK (people >= 0));
CREATE TABLE capitals (state char(2) NOT NULL DEFAULT 'XX') INHERITS (cities);
CREATE INDEX capitals_name ON capitals (name);
