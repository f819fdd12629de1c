INSERT INTO t SELECT g, g % 2 = 0, g FROM generate_series(1, 20) g;
