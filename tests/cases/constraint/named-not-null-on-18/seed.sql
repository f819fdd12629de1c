INSERT INTO t SELECT g, 'a', 'b', 'c', 'd' FROM generate_series(1, 20) g;
