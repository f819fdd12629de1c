INSERT INTO m SELECT 1, i FROM generate_series(1, 50) i;
