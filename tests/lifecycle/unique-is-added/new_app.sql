-- insert
INSERT INTO t (n, v) VALUES ($1::bigint, 'n' || $1::bigint) RETURNING v;
-- update
UPDATE t SET v = v || ',' WHERE n = $1::bigint RETURNING v;
-- check
SELECT n, v FROM t;
