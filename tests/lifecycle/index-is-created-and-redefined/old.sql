CREATE TABLE t (n bigint PRIMARY KEY, v text, w int);
CREATE INDEX t_v ON t (v);
