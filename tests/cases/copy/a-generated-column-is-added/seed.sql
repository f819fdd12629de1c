INSERT INTO customers SELECT g, 'c' || g FROM generate_series(1, 5) g;
INSERT INTO orders (customer_id, code, net) SELECT 1 + g % 5, 'C' || g, g FROM generate_series(1, 40) g;
UPDATE orders SET parent_id = id + 5 WHERE id < 200;
INSERT INTO lines (order_id) SELECT id FROM orders;
