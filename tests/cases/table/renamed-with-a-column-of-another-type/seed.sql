INSERT INTO orders SELECT i, i % 2 = 0, 'n', i FROM generate_series(1, 40) i;
