INSERT INTO m (id) SELECT i FROM generate_series(1, 50) i;
