CREATE TABLE t (id int PRIMARY KEY, n numeric, ts timestamp, j json, r double precision, tz timestamptz);
