-- insert
INSERT INTO t (n, note) VALUES ($1::bigint, 'o' || $1::bigint) RETURNING note;
-- update: perhaps of a row that is not filled yet
UPDATE t SET note = note || '.' WHERE n = $1::bigint RETURNING note;
-- delete
DELETE FROM t WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT note FROM t WHERE n = $1::bigint;
-- check
SELECT n, note FROM t;
