CREATE TABLE a (x bigint NOT NULL, w text DEFAULT 'w'); CREATE TABLE b (y int CHECK (y > 1)); CREATE TABLE c (y int, z int, CONSTRAINT b_y_check CHECK (y > 1)) INHERITS (a, b);
