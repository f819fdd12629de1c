INSERT INTO orders (customer_id, parent_id, code, net) VALUES (1, 110, 'between', 10), (2, NULL, NULL, 20);
UPDATE orders SET net = net + 1 WHERE id BETWEEN 110 AND 130;
UPDATE orders SET code = NULL WHERE id = 135;
DELETE FROM customers WHERE id = 5;
INSERT INTO lines (order_id) SELECT id FROM orders WHERE code = 'between';
