INSERT INTO t SELECT g, 'a', 'b', 'c' FROM generate_series(1, 5) g;
