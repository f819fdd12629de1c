CREATE TYPE pos AS (lat numeric, lon numeric);
CREATE TABLE stops (id int PRIMARY KEY, at pos);
