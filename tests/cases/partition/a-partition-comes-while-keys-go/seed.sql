INSERT INTO t SELECT i, i FROM generate_series(0, 99) i;
