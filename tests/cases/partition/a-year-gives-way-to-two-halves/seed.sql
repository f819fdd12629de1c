INSERT INTO m SELECT i, '2023-02-01' FROM generate_series(1, 50) i;
