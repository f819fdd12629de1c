CREATE TABLE t (id numeric NOT NULL PRIMARY KEY, v text, CHECK (id >= 0));
