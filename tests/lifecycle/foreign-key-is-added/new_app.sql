-- insert
WITH parent AS (INSERT INTO p VALUES ($1::bigint) RETURNING id) INSERT INTO t (n, p) SELECT $1::bigint, id FROM parent RETURNING p::text;
-- insert
INSERT INTO t (n, p) VALUES ($1::bigint, 1 + $1::bigint % 100) RETURNING p::text;
-- update
UPDATE t SET p = 2 WHERE n = $1::bigint RETURNING p::text;
-- check
SELECT n, p::text FROM t;
