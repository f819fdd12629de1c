INSERT INTO m SELECT i, 'a', '2025-01-02' FROM generate_series(1, 50) i;
INSERT INTO m SELECT i, 'b', '2025-02-02' FROM generate_series(1, 50) i;
