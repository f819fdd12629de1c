CREATE TABLE t (n bigint PRIMARY KEY, no bigint, note text);
