INSERT INTO customers (name) SELECT 'c' || g FROM generate_series(1, 50) g;
INSERT INTO orders (customer_id, n, net) SELECT 1 + g % 50, g, g * 10 FROM generate_series(1, 1000) g;
UPDATE orders SET parent_id = id + 1 WHERE id % 3 = 0;
INSERT INTO lines (order_id) SELECT id FROM orders WHERE id % 2 = 0;
