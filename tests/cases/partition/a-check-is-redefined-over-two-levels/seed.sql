INSERT INTO m SELECT i, 'a', i FROM generate_series(1, 50) i;
INSERT INTO m SELECT i, 'b', i FROM generate_series(1, 50) i;
