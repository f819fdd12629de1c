INSERT INTO t (id, n) SELECT i, i FROM generate_series(1, 50) i;
