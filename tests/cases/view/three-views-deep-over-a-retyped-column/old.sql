CREATE TABLE t (id int PRIMARY KEY, name varchar(20), n int);
CREATE VIEW v1 AS SELECT id, name FROM t;
CREATE VIEW v2 AS SELECT upper(name) AS loud, name FROM v1;
CREATE VIEW v3 AS SELECT v2.loud, t.n FROM v2 JOIN t ON t.name = v2.name;
CREATE VIEW beside AS SELECT n FROM t;
COMMENT ON VIEW v2 IS 'in the middle';
