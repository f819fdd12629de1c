CREATE TABLE t (id int PRIMARY KEY, keep text);
CREATE INDEX t_keep ON t (keep);
