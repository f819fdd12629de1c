CREATE TABLE base (id int, n int, CONSTRAINT base_n CHECK (n > 0));
CREATE TABLE derived (x int) INHERITS (base);
CREATE TABLE t (id int, n int);
