-- insert
INSERT INTO events (n, day) VALUES ($1::bigint, 1) RETURNING day::text;
-- update
UPDATE events SET day = day + 1 WHERE n = $1::bigint RETURNING day::text;
-- delete
DELETE FROM events WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT day FROM events WHERE n = $1::bigint;
-- check
SELECT n, day::text FROM events;
