INSERT INTO t (id, v) SELECT g, 'v' FROM generate_series(1, 20) g;
