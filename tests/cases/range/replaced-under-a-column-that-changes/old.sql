CREATE TYPE prices AS RANGE (SUBTYPE = numeric);
CREATE TABLE t (id int PRIMARY KEY, p prices, q prices DEFAULT '[1,2)');
