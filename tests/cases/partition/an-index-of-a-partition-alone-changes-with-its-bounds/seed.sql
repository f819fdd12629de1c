INSERT INTO t SELECT i, 'de', i FROM generate_series(1, 50) i;
