INSERT INTO callers SELECT generate_series(1, 20);
