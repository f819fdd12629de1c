-- insert
INSERT INTO t (n, v) VALUES ($1::bigint, 3) RETURNING v::text;
-- insert: refused from the expansion on
INSERT INTO t (n, v) SELECT $1::bigint, CASE WHEN EXISTS (SELECT FROM pg_constraint WHERE conname = 'positive') THEN -1 ELSE 1 END RETURNING v::text;
-- update
UPDATE t SET v = v + 1 WHERE n = $1::bigint RETURNING v::text;
-- check
SELECT n, v::text FROM t;
