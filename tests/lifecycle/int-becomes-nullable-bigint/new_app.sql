-- insert
INSERT INTO t (n, v) VALUES ($1::bigint, 3) RETURNING v::text;
-- update
UPDATE t SET v = v + 1 WHERE n = $1::bigint RETURNING v::text;
-- delete
DELETE FROM t WHERE n = $1::bigint RETURNING n::text;
-- check
SELECT n, v::text FROM t;
-- at the end
INSERT INTO t (n) VALUES (-1) RETURNING v IS NULL;
