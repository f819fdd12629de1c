INSERT INTO t SELECT g, g % 3, g % 5 FROM generate_series(0, 500) g;
