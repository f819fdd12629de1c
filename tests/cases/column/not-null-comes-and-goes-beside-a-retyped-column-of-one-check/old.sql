CREATE TABLE k (a int, b int, CONSTRAINT ab CHECK (a < b));
