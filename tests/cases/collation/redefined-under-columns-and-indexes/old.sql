CREATE COLLATION sorted (PROVIDER = icu, LOCALE = 'de');
CREATE DOMAIN label AS varchar(40) COLLATE sorted;
CREATE TABLE people (
    id bigint PRIMARY KEY,
    name text COLLATE sorted NOT NULL DEFAULT 'x',
    tags text[] COLLATE sorted,
    short varchar(20) COLLATE sorted UNIQUE,
    label label
);
CREATE INDEX people_name ON people (name);
CREATE VIEW names AS SELECT name, max(short) AS short FROM people GROUP BY name ORDER BY name;
