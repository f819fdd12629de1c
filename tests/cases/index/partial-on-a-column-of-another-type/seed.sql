INSERT INTO a SELECT i, i FROM generate_series(1, 40) i;
