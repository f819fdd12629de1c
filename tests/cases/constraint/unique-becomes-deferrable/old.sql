CREATE TABLE t (id int PRIMARY KEY, pos int, CONSTRAINT t_pos UNIQUE (pos));
