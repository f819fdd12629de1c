CREATE TYPE pos AS (lat numeric, lon numeric);
CREATE TYPE leg AS ("from" pos, "to" pos, via pos[]);
CREATE TABLE stops (id int PRIMARY KEY, at pos, next leg);
