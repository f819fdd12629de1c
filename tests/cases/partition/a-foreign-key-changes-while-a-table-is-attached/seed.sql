INSERT INTO ref VALUES (1);
INSERT INTO p1 SELECT 1, 1 FROM generate_series(1, 50) i;
