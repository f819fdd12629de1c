INSERT INTO a SELECT i, 'c' || i FROM generate_series(1, 50) i;
