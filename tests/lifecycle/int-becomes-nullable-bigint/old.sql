CREATE TABLE t (n bigint PRIMARY KEY, v int NOT NULL, note text);
CREATE INDEX t_v ON t (v);
