-- insert
INSERT INTO t (n, v, w) VALUES ($1::bigint, 5, 5) RETURNING v::text;
-- update
UPDATE t SET v = v + 1 WHERE n = $1::bigint RETURNING v::text;
-- delete
DELETE FROM t WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT count(*) FROM by_w WHERE w <> $1::bigint;
SELECT count(*) FROM shown, totals WHERE shown.w <> $1::bigint;
-- check
SELECT n, v::text FROM t;
-- at the end
SELECT count(*) >= 10 FROM by_w;
