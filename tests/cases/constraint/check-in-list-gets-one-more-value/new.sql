CREATE TABLE t (id int PRIMARY KEY, s varchar(10) NOT NULL, CONSTRAINT t_s CHECK (s IN ('a', 'b', 'c')));
