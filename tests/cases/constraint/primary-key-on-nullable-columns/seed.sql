INSERT INTO t SELECT g, 'b', 'c' FROM generate_series(1, 20) g;
