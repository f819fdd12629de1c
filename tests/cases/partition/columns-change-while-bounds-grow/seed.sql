INSERT INTO p (k, a, b) SELECT 1 + 2 * (i % 2), i, i FROM generate_series(1, 50) i;
