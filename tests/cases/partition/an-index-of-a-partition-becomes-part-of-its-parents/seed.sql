INSERT INTO t SELECT i % 10, 'v' || i FROM generate_series(1, 50) i;
