INSERT INTO t SELECT g, 'seed' FROM generate_series(1, 1500) g;
