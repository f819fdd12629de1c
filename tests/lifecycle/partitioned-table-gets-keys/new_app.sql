-- insert
INSERT INTO events (n, tenant, kind, v) VALUES ($1::bigint, 't', 2, 'n') RETURNING v;
-- update
UPDATE events SET v = left(v, 40) || ',' WHERE n = $1::bigint RETURNING v;
-- check
SELECT n, v FROM events;
-- at the end
SELECT count(*) = 5 FROM pg_index WHERE indrelid::regclass::text LIKE 'events%' AND indisprimary AND indisvalid;
SELECT bool_and(convalidated) FROM pg_constraint WHERE conrelid::regclass::text LIKE 'events%';
