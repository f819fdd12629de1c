CREATE TABLE p (k int, a int) PARTITION BY LIST (k);
CREATE TABLE p1 (k int, a int);
CREATE INDEX pa ON p (a, k);
CREATE INDEX p1_a_idx ON p1 (a, k);
