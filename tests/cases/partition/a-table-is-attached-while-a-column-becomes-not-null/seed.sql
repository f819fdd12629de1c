INSERT INTO x SELECT 1 + i % 4, 'a' FROM generate_series(1, 50) i;
INSERT INTO solo SELECT 6 + i % 3, 'a' FROM generate_series(1, 50) i;
