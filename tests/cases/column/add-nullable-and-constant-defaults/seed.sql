INSERT INTO t (id, name) SELECT g, 'n' FROM generate_series(1, 20) g;
