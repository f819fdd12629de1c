INSERT INTO t SELECT g, g, g % 5 = 0 FROM generate_series(1, 1500) g;
