-- insert: the server gives the numbers
INSERT INTO t (n, note) VALUES ($1::bigint, 'new') RETURNING no::text;
-- update
UPDATE t SET note = 'y' WHERE n = $1::bigint RETURNING no::text;
-- delete
DELETE FROM t WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT no FROM t WHERE n = $1::bigint;
-- check
SELECT n, no::text FROM t;
-- at the end
INSERT INTO t (n) VALUES (-1) RETURNING no > (SELECT max(no) FROM t WHERE n <= 1500);
