INSERT INTO t (k, p, s) SELECT 'b', ROW(1, 'a')::pair, 3 FROM generate_series(1, 20);
