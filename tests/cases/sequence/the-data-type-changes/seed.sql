INSERT INTO t SELECT FROM generate_series(1, 5);
