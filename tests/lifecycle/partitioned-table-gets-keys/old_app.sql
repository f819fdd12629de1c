-- insert
INSERT INTO events (n, tenant, kind, v) VALUES ($1::bigint, 't', 1, 'o') RETURNING v;
-- update
UPDATE events SET v = left(v, 40) || '.' WHERE n = $1::bigint RETURNING v;
-- update: of the column of the foreign key
UPDATE events SET kind = 1 + kind % 5 WHERE n = $1::bigint RETURNING v;
-- delete
DELETE FROM events WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT v FROM events WHERE n = $1::bigint;
-- check
SELECT n, v FROM events;
