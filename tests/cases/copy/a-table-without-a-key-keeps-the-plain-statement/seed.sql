INSERT INTO t (a, b) SELECT g, g FROM generate_series(1, 20) g;
