CREATE DOMAIN share AS double precision CHECK (VALUE < 2);
CREATE TABLE t (id int PRIMARY KEY);
