INSERT INTO t SELECT g, g * 3 FROM generate_series(1, 1500) g;
