CREATE TABLE t (n bigint PRIMARY KEY, v bigint, note text);
CREATE INDEX t_v ON t (v);
