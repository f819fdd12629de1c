INSERT INTO a (v) SELECT 'v' FROM generate_series(1, 20) g;
INSERT INTO b (v) SELECT 'v' FROM generate_series(1, 20) g;
