INSERT INTO t SELECT g, 'x' FROM generate_series(1, 20) g;
