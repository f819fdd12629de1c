CREATE TABLE t (id int PRIMARY KEY, n int);
CREATE FUNCTION weight(int) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2.5';
CREATE VIEW weights AS SELECT id, weight(n) AS w FROM t;
