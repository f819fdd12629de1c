INSERT INTO q_new SELECT i, 'n' FROM generate_series(1, 50) i;
