INSERT INTO customers (n, name) SELECT g, 'c' || g FROM generate_series(1, 500) g;
INSERT INTO orders (customer_id, n, total) SELECT c.id, c.n, c.n % 100 FROM customers c;
