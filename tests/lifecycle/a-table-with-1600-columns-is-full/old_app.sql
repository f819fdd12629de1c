-- insert
INSERT INTO t (n, v) VALUES ($1::bigint, 3) RETURNING v::text;
-- check
SELECT n, v::text FROM t;
