CREATE TABLE t (n bigint PRIMARY KEY, v bigint, note text);
