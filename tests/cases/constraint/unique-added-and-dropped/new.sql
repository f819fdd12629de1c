CREATE TABLE t (id int PRIMARY KEY, a text, b text, c int, CONSTRAINT a_is_unique UNIQUE (a), UNIQUE (c) INCLUDE (b));
