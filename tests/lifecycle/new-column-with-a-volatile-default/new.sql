CREATE TABLE t (n bigint PRIMARY KEY, v text, note text, token double precision NOT NULL DEFAULT random());
