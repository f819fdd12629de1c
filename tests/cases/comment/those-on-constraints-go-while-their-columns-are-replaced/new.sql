CREATE TABLE t (id bigint PRIMARY KEY, a bigint NOT NULL, b text, CONSTRAINT tc CHECK (a > 0), CONSTRAINT tu UNIQUE (a));
