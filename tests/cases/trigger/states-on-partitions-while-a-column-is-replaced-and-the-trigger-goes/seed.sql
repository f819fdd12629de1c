INSERT INTO event SELECT i, i::text FROM generate_series(0, 1999, 7) i;
