INSERT INTO a SELECT i, CASE WHEN i = 1 THEN int8range(NULL, 5) ELSE int8range(i, i + 5) END FROM generate_series(1, 20) i;
