-- insert: parent and child, by the identities the server gave
WITH c AS (INSERT INTO customers (n, name) VALUES ($1::bigint, 'c') RETURNING id, n) INSERT INTO orders (customer_id, n, total) SELECT id, n, 5 FROM c RETURNING customer_id || '/' || id || '/' || total;
-- insert: for a customer that is there
INSERT INTO orders (customer_id, n, total) SELECT min(id), $1::bigint, 6 FROM customers RETURNING customer_id || '/' || id || '/' || total;
-- update
UPDATE orders SET total = total + 1 WHERE n = $1::bigint RETURNING customer_id || '/' || id || '/' || total;
-- update: move it to another customer
UPDATE orders SET customer_id = (SELECT max(id) FROM customers WHERE n <= 500) WHERE n = $1::bigint RETURNING customer_id || '/' || id || '/' || total;
-- delete
DELETE FROM orders WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT id FROM orders WHERE n = $1::bigint;
-- check
SELECT o.n, o.customer_id || '/' || o.id || '/' || o.total FROM orders o JOIN customers c ON c.id = o.customer_id;
-- at the end
INSERT INTO customers (id, n) VALUES (5000000000, -1) RETURNING id = 5000000000;
INSERT INTO orders (customer_id, n) VALUES (5000000000, -1) RETURNING id > 500;
DELETE FROM customers WHERE n = -1 RETURNING true;
SELECT NOT EXISTS (SELECT FROM orders WHERE n = -1);
