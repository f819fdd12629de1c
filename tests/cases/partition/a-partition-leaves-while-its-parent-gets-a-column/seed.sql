INSERT INTO q_a SELECT i, 'a' FROM generate_series(1, 50) i;
