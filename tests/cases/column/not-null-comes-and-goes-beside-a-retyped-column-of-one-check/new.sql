CREATE TABLE k (a bigint, b int NOT NULL, CONSTRAINT ab CHECK (a < b));
