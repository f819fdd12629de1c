CREATE TABLE t (n bigint PRIMARY KEY, v text, CONSTRAINT t_v UNIQUE (v));
