INSERT INTO t SELECT g, g, g, 's' || g FROM generate_series(1, 20) g;
