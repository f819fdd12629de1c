-- insert: the number and the value are the server's
INSERT INTO t (n, note) VALUES ($1::bigint, 'old') RETURNING v::text;
-- update
UPDATE t SET note = 'x' WHERE n = $1::bigint RETURNING v::text;
-- check
SELECT n, v::text FROM t;
