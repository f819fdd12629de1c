-- insert
INSERT INTO t (n, p) VALUES ($1::bigint, 1 + $1::bigint % 100) RETURNING p::text;
-- insert: refused from the expansion on
INSERT INTO t (n, p) SELECT $1::bigint, CASE WHEN EXISTS (SELECT FROM pg_constraint WHERE conname = 't_p') THEN -1 ELSE 1 END RETURNING p::text;
-- update
UPDATE t SET p = 1 + p % 100 WHERE n = $1::bigint RETURNING p::text;
-- delete
DELETE FROM t WHERE n = $1::bigint RETURNING n::text;
-- check
SELECT n, p::text FROM t;
