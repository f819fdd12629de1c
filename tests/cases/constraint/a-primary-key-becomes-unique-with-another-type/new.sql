CREATE TABLE a (id bigint NOT NULL, code text NOT NULL, CONSTRAINT rule UNIQUE (id), PRIMARY KEY (code));
