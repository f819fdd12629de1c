INSERT INTO q SELECT ROW(1, 2)::iv FROM generate_series(1, 20) i;
