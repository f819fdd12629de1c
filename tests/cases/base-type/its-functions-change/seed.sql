INSERT INTO t SELECT g, '1', '2', '3' FROM generate_series(1, 100) g;
