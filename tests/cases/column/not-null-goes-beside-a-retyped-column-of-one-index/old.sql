CREATE TABLE t (id bigint, b int NOT NULL);
CREATE INDEX i2 ON t (b) WHERE id > 2;
