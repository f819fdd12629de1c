CREATE TABLE t (n bigint PRIMARY KEY, v int, CONSTRAINT positive CHECK (v >= 0));
