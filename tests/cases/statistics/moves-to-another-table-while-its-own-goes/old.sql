CREATE TABLE plain (id int, note text);
CREATE TABLE main (a int, b int);
CREATE STATISTICS s (ndistinct) ON id, note FROM plain;
CREATE INDEX i ON plain (id);
