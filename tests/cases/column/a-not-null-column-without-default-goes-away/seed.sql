INSERT INTO t SELECT g, 'm', 'k' FROM generate_series(1, 20) g;
