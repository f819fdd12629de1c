INSERT INTO t SELECT g, 'short', 'b' || g, 'c' || g FROM generate_series(1, 20) g;
