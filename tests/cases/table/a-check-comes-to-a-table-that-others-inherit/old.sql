CREATE TABLE base (id int, n int);
CREATE TABLE derived (x int) INHERITS (base);
CREATE TABLE below (y int) INHERITS (derived);
