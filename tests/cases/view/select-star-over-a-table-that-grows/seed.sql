INSERT INTO t (id, a) SELECT g, 'a' FROM generate_series(1, 10) g;
