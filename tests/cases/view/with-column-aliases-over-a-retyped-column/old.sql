CREATE TABLE job (id int PRIMARY KEY, state text);
CREATE VIEW v1 AS SELECT a, b FROM job j(a, b);
