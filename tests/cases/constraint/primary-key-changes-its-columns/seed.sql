INSERT INTO t SELECT 1 + g % 3, g, 'v' FROM generate_series(1, 20) g;
INSERT INTO log SELECT g FROM generate_series(1, 20) g;
