CREATE TABLE t (id int PRIMARY KEY, a text, b int, c text);
CREATE INDEX t_1 ON t (a);
CREATE INDEX t_2 ON t (b);
CREATE INDEX t_3 ON t (c) INCLUDE (b);
