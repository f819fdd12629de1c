CREATE TYPE s AS ENUM ('a','b','c'); CREATE TABLE t (id int PRIMARY KEY, s s, CHECK (s <> 'c' OR id > 5), EXCLUDE (id WITH =) WHERE (s = 'a')); CREATE INDEX i ON t (s) WHERE s = 'a';
