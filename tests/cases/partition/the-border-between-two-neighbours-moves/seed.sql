INSERT INTO m SELECT i FROM generate_series(1, 30) i;
INSERT INTO m SELECT i FROM generate_series(60, 90) i;
