CREATE TABLE base (id int, n int, CONSTRAINT base_n CHECK (n > 0));
CREATE TABLE derived (x int) INHERITS (base);
CREATE TABLE below (y int) INHERITS (derived);
CREATE TABLE beside (z int) INHERITS (base);
