CREATE TABLE t (id int PRIMARY KEY, a text);
CREATE VIEW v (k, val) AS SELECT id, a FROM t;
CREATE VIEW w AS SELECT k FROM v WHERE val <> '';
