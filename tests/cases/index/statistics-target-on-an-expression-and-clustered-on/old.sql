CREATE TABLE t (id int PRIMARY KEY, a text, b int);
CREATE INDEX t_e ON t (lower(a), (b * 2));
CREATE INDEX t_b ON t (b);
