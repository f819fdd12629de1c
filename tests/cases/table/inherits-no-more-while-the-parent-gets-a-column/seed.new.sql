INSERT INTO par SELECT i, 'v' FROM generate_series(1, 20) i;
INSERT INTO ch SELECT i, 'v', i, i FROM generate_series(1, 20) i;
