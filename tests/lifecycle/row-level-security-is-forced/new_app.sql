-- insert
INSERT INTO t (n, v) VALUES ($1::bigint, 4) RETURNING v::text;
-- update: rows that a policy hides from others
UPDATE t SET v = v + 2 WHERE n = $1::bigint RETURNING v::text;
-- delete
DELETE FROM t WHERE n = $1::bigint RETURNING n::text;
-- check
SELECT n, v::text FROM t;
-- at the end
SELECT count(*) = 300 AND bool_and(v IS NOT NULL) FROM t WHERE secret;
