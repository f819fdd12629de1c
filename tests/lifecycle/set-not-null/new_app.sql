-- insert
INSERT INTO t (n, v) VALUES ($1::bigint, 'new' || $1::bigint) RETURNING v;
-- update
UPDATE t SET v = v || '+' WHERE n = $1::bigint RETURNING v;
-- check
SELECT n, v FROM t;
-- at the end
SELECT attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'v';
