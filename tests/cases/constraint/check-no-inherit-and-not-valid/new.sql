CREATE TABLE base (id int, n int, CONSTRAINT base_n CHECK (n > 0) NO INHERIT);
CREATE TABLE derived (x int, CONSTRAINT derived_x CHECK (x > n)) INHERITS (base);
CREATE TABLE t (id int, n int);
ALTER TABLE t ADD CONSTRAINT t_n CHECK (n IS NOT NULL AND n > 0) NOT VALID;
