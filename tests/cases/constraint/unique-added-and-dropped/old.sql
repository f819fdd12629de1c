CREATE TABLE t (id int PRIMARY KEY, a text, b text, c int, UNIQUE (b), CONSTRAINT t_gone UNIQUE (c, a));
