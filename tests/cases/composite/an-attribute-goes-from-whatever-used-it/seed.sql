INSERT INTO c SELECT i, ROW('s', 'c' || i, 'd')::addr FROM generate_series(1, 20) i;
