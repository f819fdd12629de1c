CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL, CONSTRAINT t_name UNIQUE (name));
