INSERT INTO a SELECT i, CASE WHEN i = 1 THEN int4range(NULL, 5) ELSE int4range(i, i + 5) END FROM generate_series(1, 20) i;
