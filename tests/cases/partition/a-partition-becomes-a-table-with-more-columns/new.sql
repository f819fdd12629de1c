CREATE TABLE t (id int, k text) PARTITION BY LIST (k);
CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a');
CREATE TABLE t_b (id int, k text, extra int); CREATE INDEX t_b_id_idx ON t_b (id);
CREATE INDEX t_i ON t (id);
