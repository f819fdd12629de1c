CREATE TABLE job (id int PRIMARY KEY, state varchar(50));
CREATE VIEW v1 AS SELECT a, b FROM job j(a, b);
