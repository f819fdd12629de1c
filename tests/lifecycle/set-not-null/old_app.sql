-- insert
INSERT INTO t (n, v) VALUES ($1::bigint, 'x' || $1::bigint) RETURNING v;
-- insert: the new schema refuses it
INSERT INTO t (n, v) VALUES ($1::bigint, NULLIF('y', CASE WHEN EXISTS (SELECT FROM pg_constraint WHERE conrelid = 't'::regclass AND 2 = ANY (conkey)) THEN 'y' ELSE '' END)) RETURNING v;
-- update
UPDATE t SET v = v || '.' WHERE n = $1::bigint RETURNING v;
-- update
UPDATE t SET note = 'x' WHERE n = $1::bigint RETURNING v;
-- check
SELECT n, v FROM t;
-- at the end
SELECT attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'v';
