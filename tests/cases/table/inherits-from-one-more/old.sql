CREATE TABLE a (x int NOT NULL); CREATE TABLE b (y int CHECK (y > 0)); CREATE TABLE c (z int) INHERITS (a);
