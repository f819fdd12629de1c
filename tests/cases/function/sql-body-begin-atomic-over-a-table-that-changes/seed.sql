INSERT INTO t (id, v) SELECT g, 'v' || g FROM generate_series(1, 5) g;
