INSERT INTO t (id, v, w) SELECT g, 'v', 'w' FROM generate_series(1, 20) g;
