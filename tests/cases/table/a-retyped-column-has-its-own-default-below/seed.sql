INSERT INTO par SELECT i, i, i FROM generate_series(1, 20) i;
INSERT INTO ch SELECT i, i, i FROM generate_series(1, 20) i;
