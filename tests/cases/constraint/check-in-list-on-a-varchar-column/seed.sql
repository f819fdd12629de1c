INSERT INTO t (id, s, u, n) SELECT g, 'a', 'x', g FROM generate_series(1, 20) g;
