CREATE TYPE pt AS (id int, note text);
CREATE TABLE ot OF pt;
