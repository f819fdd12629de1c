INSERT INTO t (n) SELECT 'a' FROM generate_series(1, 20); INSERT INTO s (n) VALUES ('b');
