INSERT INTO t (v) SELECT 'v' FROM generate_series(1, 20) g;
