-- insert
INSERT INTO events (n, day) VALUES ($1::bigint, $1::bigint % 100) RETURNING day || note;
-- update
UPDATE events SET note = note || '.' WHERE n = $1::bigint AND length(note) < 50 RETURNING day || note;
-- update: to another day, and so to another partition
UPDATE events SET day = (day + 37) % 100 WHERE n = $1::bigint RETURNING day || note;
-- delete
DELETE FROM events WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT note FROM events WHERE n = $1::bigint;
-- check
SELECT n, day || note FROM events;
