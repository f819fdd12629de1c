INSERT INTO t (id, a, b) SELECT g, g, g FROM generate_series(1, 20) g;
