INSERT INTO t (a, b) SELECT n % 7, n FROM generate_series(1, 300) n;
