INSERT INTO p SELECT 2, i, i FROM generate_series(1, 50) i; INSERT INTO p1 SELECT 1, i, i FROM generate_series(1,50) i;
