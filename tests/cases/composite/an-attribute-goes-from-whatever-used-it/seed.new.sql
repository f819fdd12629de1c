INSERT INTO c SELECT i, ROW('s', 'c' || i)::addr FROM generate_series(1, 20) i;
