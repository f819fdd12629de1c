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
-- at the end
INSERT INTO events (id, n, v) VALUES (5000000000, -1, 1) RETURNING id = 5000000000;
INSERT INTO events (n, v) VALUES (-2, 1) RETURNING id > 1500;
