CREATE TABLE t (id int, b int);
CREATE INDEX i2 ON t (b) WHERE id > 2;
