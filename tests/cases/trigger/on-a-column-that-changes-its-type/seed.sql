INSERT INTO t SELECT g, 'c' || g, g FROM generate_series(1, 20) g;
