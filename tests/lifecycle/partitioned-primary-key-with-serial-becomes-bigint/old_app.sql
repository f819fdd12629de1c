-- insert: the server gives the number
INSERT INTO events (n, v) VALUES ($1::bigint, 5) RETURNING id || '/' || v;
-- update
UPDATE events SET v = v + 1 WHERE n = $1::bigint RETURNING id || '/' || v;
-- delete
DELETE FROM events WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT id FROM events WHERE n = $1::bigint;
-- check
SELECT n, id || '/' || v FROM events;
