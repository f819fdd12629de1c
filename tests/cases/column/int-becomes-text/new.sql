CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL DEFAULT '7');
CREATE INDEX t_code ON t (code);
