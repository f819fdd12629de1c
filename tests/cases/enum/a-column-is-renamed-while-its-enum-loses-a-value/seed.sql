INSERT INTO tasks SELECT i, 'done' FROM generate_series(1, 60) i;
