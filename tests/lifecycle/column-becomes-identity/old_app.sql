-- insert: it gives the numbers itself
INSERT INTO t (n, no) VALUES ($1::bigint, $1::bigint + 7) RETURNING no::text;
-- update
UPDATE t SET no = no + 1 WHERE n = $1::bigint RETURNING no::text;
-- update
UPDATE t SET note = 'x' WHERE n = $1::bigint RETURNING no::text;
-- delete
DELETE FROM t WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT no FROM t WHERE n = $1::bigint;
-- check
SELECT n, no::text FROM t;
