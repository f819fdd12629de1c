CREATE TABLE t (id int PRIMARY KEY, must text NOT NULL, keep text);
CREATE INDEX t_must ON t (must, keep);
CREATE INDEX t_keep ON t (keep);
