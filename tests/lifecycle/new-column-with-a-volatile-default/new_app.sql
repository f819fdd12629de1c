-- insert
INSERT INTO t (n, v, token) VALUES ($1::bigint, 'x' || $1::bigint, 2) RETURNING v;
-- insert: by the default
INSERT INTO t (n, v) VALUES ($1::bigint, 'y' || $1::bigint) RETURNING CASE WHEN token < 1 THEN v END;
-- update
UPDATE t SET v = v || '.', token = 3 WHERE n = $1::bigint RETURNING v;
-- check
SELECT n, CASE WHEN token BETWEEN 0 AND 1 OR token IN (2, 3) THEN v END FROM t;
-- at the end
SELECT count(DISTINCT token) > 1000 FROM t;
