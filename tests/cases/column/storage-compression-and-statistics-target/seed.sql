INSERT INTO t SELECT g, repeat('a', 300), 'b', '{}', g FROM generate_series(1, 20) g;
