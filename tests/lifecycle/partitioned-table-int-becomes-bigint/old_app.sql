-- insert
INSERT INTO events (n, v) VALUES ($1::bigint, 3) RETURNING v::text;
-- insert
INSERT INTO events (n) VALUES ($1::bigint) RETURNING v::text;
-- update
UPDATE events SET v = v + 1 WHERE n = $1::bigint RETURNING v::text;
-- update
UPDATE events SET note = 'x' WHERE n = $1::bigint RETURNING v::text;
-- delete
DELETE FROM events WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT v FROM events WHERE n = $1::bigint;
-- check
SELECT n, v::text FROM events;
