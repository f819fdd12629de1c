-- insert
INSERT INTO log (n, v) VALUES ($1::bigint, 3) RETURNING v::text;
-- update
UPDATE log SET v = v + 1 WHERE n = $1::bigint RETURNING v::text;
-- update
UPDATE log SET note = 'x' WHERE n = $1::bigint RETURNING v::text;
-- delete
DELETE FROM log WHERE n = $1::bigint RETURNING n::text;
-- check
SELECT n, v::text FROM log;
