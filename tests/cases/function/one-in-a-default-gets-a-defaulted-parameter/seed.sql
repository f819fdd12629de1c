INSERT INTO k (id) SELECT i FROM generate_series(1, 20) i;
