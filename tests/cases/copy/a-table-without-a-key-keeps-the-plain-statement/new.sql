CREATE TABLE t (a int, b int NOT NULL, c int GENERATED ALWAYS AS (a + b) STORED);
