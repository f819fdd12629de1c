-- insert
INSERT INTO orders (n, total) VALUES ($1::bigint, $1::bigint % 1000 + 1) RETURNING total::text;
-- insert: without the column, which has a default
INSERT INTO orders (n, note) VALUES ($1::bigint, 'new default') RETURNING total::text;
-- update
UPDATE orders SET total = total * 2 % 100000 WHERE n = $1::bigint RETURNING total::text;
-- delete
DELETE FROM orders WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT total FROM orders WHERE n = $1::bigint;
-- check
SELECT n, total::text FROM orders;
-- at the end
INSERT INTO orders (n, total) VALUES (-1, 5000000000) RETURNING total = 5000000000;
