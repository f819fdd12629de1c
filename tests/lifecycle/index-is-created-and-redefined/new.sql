CREATE TABLE t (n bigint PRIMARY KEY, v text, w int);
CREATE INDEX t_v ON t (v, w) WHERE w > 3;
CREATE UNIQUE INDEX t_w ON t (n, w);
