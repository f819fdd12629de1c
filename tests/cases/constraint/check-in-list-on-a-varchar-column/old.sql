CREATE TABLE t (id int PRIMARY KEY, s varchar(10) NOT NULL CHECK (s IN ('a', 'b')), u varchar(5) CHECK (u = 'x' OR u LIKE 'y%'), n numeric CHECK (n BETWEEN 1 AND 99.5));
CREATE INDEX t_s ON t (id) WHERE s IN ('a', 'b');
