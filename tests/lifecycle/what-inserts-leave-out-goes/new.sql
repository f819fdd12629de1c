CREATE TABLE t (n bigint PRIMARY KEY, no bigint NOT NULL, v int NOT NULL, note text, w int DEFAULT 5);
