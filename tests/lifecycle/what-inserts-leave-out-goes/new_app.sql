-- insert: it gives both
INSERT INTO t (n, no, v, note) VALUES ($1::bigint, $1::bigint, 4, 'new') RETURNING v::text;
-- update
UPDATE t SET note = 'y' WHERE n = $1::bigint RETURNING v::text;
-- check
SELECT n, v::text FROM t;
