INSERT INTO t SELECT g, '[1,2)' FROM generate_series(1, 50) g;
