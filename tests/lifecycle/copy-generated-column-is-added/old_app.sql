-- insert: an order with a line, both by what the server gave
WITH o AS (INSERT INTO orders (customer_id, n, net) VALUES (1, $1::bigint, $1::bigint % 1000) RETURNING id, n), l AS (INSERT INTO lines (order_id) SELECT id FROM o) SELECT (CASE WHEN $1::bigint % 10 = 7 THEN $1::bigint % 1000 + 1 ELSE $1::bigint % 1000 END)::text FROM o;
-- insert: one with a parent in the same statement
INSERT INTO orders (customer_id, n, net, parent_id) SELECT 2, $1::bigint, 5, max(id) FROM orders RETURNING net::text;
-- insert: written or not
INSERT INTO orders (customer_id, n, net) VALUES (3, $1::bigint, 20) ON CONFLICT (n) DO NOTHING RETURNING net::text;
-- update
UPDATE orders SET net = net / 10 * 10 + 11 WHERE n = $1::bigint RETURNING net::text;
-- update: another column
UPDATE orders SET customer_id = customer_id % 50 + 1 WHERE n = $1::bigint RETURNING net::text;
-- delete
DELETE FROM orders WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT net FROM orders WHERE n = $1::bigint;
-- check
SELECT n, net::text FROM orders;
