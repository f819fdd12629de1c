INSERT INTO t SELECT g, 'a' || g, g FROM generate_series(1, 30) g;
