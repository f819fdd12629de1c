CREATE TABLE t (id int PRIMARY KEY, a_name text);
