CREATE TABLE t (id int, r text NOT NULL, x int) PARTITION BY LIST (r);
CREATE TABLE t_eu PARTITION OF t FOR VALUES IN ('de','fr','it');
CREATE UNIQUE INDEX eu_only ON t_eu (id) INCLUDE (x);
