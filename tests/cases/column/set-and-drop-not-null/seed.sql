INSERT INTO t SELECT g, 'a', 'b', g FROM generate_series(1, 20) g;
