CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TABLE t (id int PRIMARY KEY, a int, c colour);
CREATE VIEW v AS SELECT c, id, a FROM t;
CREATE FUNCTION low() RETURNS bigint BEGIN ATOMIC SELECT sum(a) FROM v WHERE c = 'red'; END;
CREATE FUNCTION high(n bigint DEFAULT low()) RETURNS SETOF v BEGIN ATOMIC SELECT v.c, v.id, v.a FROM v WHERE v.a > n; END;
CREATE VIEW w AS SELECT h.id, h.c FROM high() h;
CREATE PROCEDURE put(colour) BEGIN ATOMIC INSERT INTO t (id, c) SELECT max(w.id) + 1, $1 FROM w; END;
