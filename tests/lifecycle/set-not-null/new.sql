CREATE TABLE t (n bigint PRIMARY KEY, v text NOT NULL, note text);
