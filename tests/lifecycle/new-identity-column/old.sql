CREATE TABLE t (n bigint PRIMARY KEY, note text);
