CREATE TABLE t (n bigint PRIMARY KEY, v bigint NOT NULL, w int NOT NULL);
CREATE VIEW doubled AS SELECT n, v * 2 AS v, w FROM t;
CREATE MATERIALIZED VIEW by_w AS SELECT w, sum(v) AS v FROM doubled GROUP BY w;
CREATE UNIQUE INDEX by_w_w ON by_w (w);
CREATE VIEW shown AS SELECT w, v FROM by_w;
CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS c, max(w) AS w FROM t;
COMMENT ON COLUMN by_w.v IS 'the sum';
