CREATE TYPE pt AS (id int, note text);
CREATE TABLE ot (id int, e int);
