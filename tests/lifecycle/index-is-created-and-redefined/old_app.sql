-- insert
INSERT INTO t (n, v, w) VALUES ($1::bigint, 'v' || $1::bigint, 5) RETURNING v || w;
-- update
UPDATE t SET w = w + 1 WHERE n = $1::bigint RETURNING v || w;
-- delete
DELETE FROM t WHERE n = $1::bigint RETURNING n::text;
-- check
SELECT n, v || w FROM t;
