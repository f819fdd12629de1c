-- insert
INSERT INTO orders (n, total) VALUES ($1::bigint, $1::bigint % 1000) RETURNING total::text;
-- insert: without the column, which has a default
INSERT INTO orders (n, note) VALUES ($1::bigint, 'default') RETURNING total::text;
-- update
UPDATE orders SET total = total + 3 WHERE n = $1::bigint RETURNING total::text;
-- update: another column, perhaps of a row that is not filled yet
UPDATE orders SET note = 'noted' WHERE n = $1::bigint RETURNING total::text;
-- delete
DELETE FROM orders WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT total FROM orders WHERE n = $1::bigint;
-- check
SELECT n, total::text FROM orders;
-- side by side: the new value wins where both are given
INSERT INTO orders (n, total, {orders.total}) VALUES (-1, 1, 2) RETURNING total = 2 AND {orders.total} = 2;
UPDATE orders SET total = 3, {orders.total} = 4 WHERE n = -1 RETURNING total = 4 AND {orders.total} = 4;
UPDATE orders SET total = 5 WHERE n = -1 RETURNING total = 5 AND {orders.total} = 5;
UPDATE orders SET {orders.total} = 6 WHERE n = -1 RETURNING total = 6 AND {orders.total} = 6;
UPDATE orders SET total = 8, {orders.total} = {orders.total} WHERE n = -1 RETURNING total = 8 AND {orders.total} = 8;
INSERT INTO orders (n) VALUES (-2) RETURNING total = 7 AND {orders.total} = 7;
INSERT INTO orders (n, {orders.total}) VALUES (-3, 9) RETURNING total = 9 AND {orders.total} = 9;
