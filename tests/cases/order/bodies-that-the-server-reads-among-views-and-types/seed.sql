INSERT INTO t (id) SELECT g FROM generate_series(1, 20) g;
