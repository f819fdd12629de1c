-- insert
INSERT INTO t (n, v) VALUES ($1::bigint, 'x' || $1::bigint) RETURNING v;
-- update
UPDATE t SET v = v || '.' WHERE n = $1::bigint RETURNING v;
-- update: another column, perhaps of a row that is not filled yet
UPDATE t SET note = 'x' WHERE n = $1::bigint RETURNING v;
-- delete
DELETE FROM t WHERE n = $1::bigint RETURNING n::text;
-- check
SELECT n, v FROM t;
