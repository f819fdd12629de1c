CREATE TABLE t (id int PRIMARY KEY, n int);
CREATE VIEW sums AS SELECT id, n + 1 AS n FROM t;
CREATE VIEW above AS SELECT max(n) AS top FROM sums;
COMMENT ON VIEW sums IS 'kept through the change';
COMMENT ON COLUMN sums.n IS 'one more';
