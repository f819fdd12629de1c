CREATE TABLE t (id int PRIMARY KEY, a varchar(20), b varchar(10), c varchar(5));
