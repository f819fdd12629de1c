INSERT INTO event SELECT i, i::text FROM generate_series(0, 999, 7) i;
