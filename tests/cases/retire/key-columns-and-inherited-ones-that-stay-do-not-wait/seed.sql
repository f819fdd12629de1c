INSERT INTO derived SELECT i, 't', i FROM generate_series(1, 20) i;
INSERT INTO pairs SELECT i, i FROM generate_series(1, 20) i;
