CREATE TABLE t (a int, b bigint);
CREATE INDEX ti ON t (a, b);
