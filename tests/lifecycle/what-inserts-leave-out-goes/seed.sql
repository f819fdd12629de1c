INSERT INTO t (n) SELECT g FROM generate_series(1, 1500) g;
