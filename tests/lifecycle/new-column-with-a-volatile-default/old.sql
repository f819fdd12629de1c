CREATE TABLE t (n bigint PRIMARY KEY, v text, note text);
