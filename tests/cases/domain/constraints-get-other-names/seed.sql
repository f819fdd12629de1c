INSERT INTO t SELECT i, 'x@' || i FROM generate_series(1, 20) i;
