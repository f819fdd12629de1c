CREATE TABLE main (a int, b int);
CREATE STATISTICS s (ndistinct) ON a, b FROM main;
CREATE INDEX i ON main (a);
