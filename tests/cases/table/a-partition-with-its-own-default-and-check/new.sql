CREATE TABLE q (id int NOT NULL, region text NOT NULL DEFAULT 'x', n int) PARTITION BY LIST (region);
CREATE TABLE q_a PARTITION OF q (region DEFAULT 'a', n NOT NULL, CONSTRAINT only_small CHECK (n < 100)) FOR VALUES IN ('a');
CREATE INDEX q_a_n ON q_a (n);
