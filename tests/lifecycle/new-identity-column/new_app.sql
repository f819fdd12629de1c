-- insert: with what the server gives
INSERT INTO t (n, note) VALUES ($1::bigint, 'n' || $1::bigint) RETURNING CASE WHEN no > 0 AND tag > 0 THEN note END;
-- update
UPDATE t SET note = note || ',' WHERE n = $1::bigint RETURNING CASE WHEN no > 0 AND tag > 0 THEN note END;
-- check
SELECT n, CASE WHEN no > 0 AND tag > 0 THEN note END FROM t;
-- at the end: no number twice
SELECT count(*) = count(DISTINCT no) AND count(*) = count(DISTINCT tag) FROM t;
INSERT INTO t (n) VALUES (-1) RETURNING no > (SELECT max(no) FROM t) AND tag > (SELECT max(tag) FROM t);
