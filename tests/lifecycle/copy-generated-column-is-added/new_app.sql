-- insert
INSERT INTO orders (customer_id, n, net) VALUES (4, $1::bigint, 40) RETURNING (gross / 2)::text;
-- update
UPDATE orders SET net = net / 10 * 10 + 22 WHERE n = $1::bigint RETURNING (gross / 2)::text;
-- delete
DELETE FROM orders WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT gross FROM orders WHERE n = $1::bigint;
-- check
SELECT n, (gross / 2)::text FROM orders;
-- at the end
SELECT NOT EXISTS (SELECT FROM orders WHERE gross IS DISTINCT FROM net * 2);
SELECT NOT EXISTS (SELECT FROM lines l WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = l.order_id));
INSERT INTO orders (customer_id, n) VALUES (1, -1) RETURNING id > 1000;
