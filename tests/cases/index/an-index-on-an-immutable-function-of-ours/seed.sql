INSERT INTO t SELECT g, 'A ' || g FROM generate_series(1, 30) g;
