INSERT INTO t SELECT g, 'a' || g, g, 'c' FROM generate_series(1, 30) g;
