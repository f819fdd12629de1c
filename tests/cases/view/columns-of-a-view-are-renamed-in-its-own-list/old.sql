CREATE TABLE t (id int PRIMARY KEY, a text);
CREATE VIEW v (key, value) AS SELECT id, a FROM t;
CREATE VIEW w AS SELECT key FROM v WHERE value <> '';
