INSERT INTO m SELECT i, i FROM generate_series(0, 49) i;
