-- insert
INSERT INTO events (n, kind, v) VALUES ($1::bigint, CASE WHEN $1::bigint % 3 = 0 THEN 'b' ELSE 'a' END, 3) RETURNING v::text;
-- insert
INSERT INTO events (n) VALUES ($1::bigint) RETURNING v::text;
-- update
UPDATE events SET v = v + 1 WHERE n = $1::bigint RETURNING v::text;
-- update: into another partition
UPDATE events SET v = v + 2, kind = CASE kind WHEN 'a' THEN 'c' ELSE 'a' END WHERE n = $1::bigint RETURNING v::text;
-- delete
DELETE FROM events WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT v FROM events WHERE n = $1::bigint;
-- check
SELECT n, v::text FROM events;
-- at the end
INSERT INTO events (n, v) VALUES (-1, 5000000000) RETURNING v = 5000000000;
