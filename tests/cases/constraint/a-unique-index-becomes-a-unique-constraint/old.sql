CREATE TABLE t (id int PRIMARY KEY, a text);
CREATE UNIQUE INDEX t_a_key ON t (a);
