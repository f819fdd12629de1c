INSERT INTO ch (id, v) SELECT i, 'v' FROM generate_series(1, 20) i;
