INSERT INTO orders (id, amount) SELECT g, g FROM generate_series(1, 7) g;
