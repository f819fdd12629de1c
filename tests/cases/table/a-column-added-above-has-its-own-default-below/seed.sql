INSERT INTO par SELECT i FROM generate_series(1, 20) i;
INSERT INTO ch SELECT i, i FROM generate_series(1, 20) i;
INSERT INTO events SELECT '2024-05-05' FROM generate_series(1, 20) i;
