INSERT INTO t SELECT g, 't' || g % 3 FROM generate_series(0, 500) g;
