-- insert
INSERT INTO events (n, kind, v) VALUES ($1::bigint, 2, 'n') RETURNING v;
-- update
UPDATE events SET v = left(v, 40) || ',' WHERE n = $1::bigint RETURNING v;
-- delete
DELETE FROM events WHERE n = $1::bigint RETURNING n::text;
-- check
SELECT n, v FROM events WHERE n < 4000000;
-- at the end
SELECT count(*) = 1500 FROM events WHERE n > 4000000;
SELECT conparentid <> 0 FROM pg_constraint WHERE conrelid = 'events_old'::regclass AND contype = 'f';
INSERT INTO events (n, kind) VALUES (2000001, 1) RETURNING tableoid = 'events_new'::regclass;
