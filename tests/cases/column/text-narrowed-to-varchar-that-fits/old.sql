CREATE TABLE t (id int PRIMARY KEY, a text, b varchar(100), c char(5));
