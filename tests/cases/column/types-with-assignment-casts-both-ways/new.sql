CREATE TABLE t (id int PRIMARY KEY, n bigint, ts date, j jsonb, r real, tz timestamp);
