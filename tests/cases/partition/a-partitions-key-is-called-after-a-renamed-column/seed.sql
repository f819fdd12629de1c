INSERT INTO m SELECT i, i FROM generate_series(0, 149) i;
