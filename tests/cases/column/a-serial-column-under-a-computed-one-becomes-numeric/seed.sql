INSERT INTO t (id, word) SELECT i, 'w' || i FROM generate_series(1, 50) i;
