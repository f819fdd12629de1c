CREATE TABLE t (n bigint PRIMARY KEY, v int, note text);
