INSERT INTO t (id, name) SELECT g, 'n' || g FROM generate_series(1, 20) g;
