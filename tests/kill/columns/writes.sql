INSERT INTO customers (id, email, login) VALUES (1000000 + $, 'New' || $, 'new' || $);
INSERT INTO customers (id, email) SELECT 1000000 + $, 'New' || $ WHERE NOT EXISTS (SELECT FROM customers WHERE id = 1000000 + $);
INSERT INTO orders (n, customer_id, total) VALUES (1000000 + $, 1000000 + $, $);
UPDATE orders SET total = total + 1000, status = 'sent' WHERE n % 1000 = $;
DELETE FROM customers WHERE id = 500 + $;
