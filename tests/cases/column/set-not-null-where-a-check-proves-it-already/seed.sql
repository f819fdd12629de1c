INSERT INTO t SELECT g, 'a' FROM generate_series(1, 20) g;
