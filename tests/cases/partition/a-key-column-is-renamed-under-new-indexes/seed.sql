INSERT INTO m SELECT i, '2025-01-02', i FROM generate_series(1, 50) i;
INSERT INTO m SELECT i, '2025-02-02', i FROM generate_series(1, 50) i;
