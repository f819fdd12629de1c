INSERT INTO t (n, v) SELECT g, g FROM generate_series(1, 50) g;
