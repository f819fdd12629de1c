-- insert
INSERT INTO events (n, v) VALUES ($1::bigint, 'o') RETURNING v;
-- update
UPDATE events SET v = left(v, 40) || '.' WHERE n = $1::bigint RETURNING v;
-- delete
DELETE FROM events WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT v FROM events WHERE n = $1::bigint;
-- check
SELECT n, v FROM events WHERE n < 4000000;
