INSERT INTO b.t (v) SELECT i::text FROM generate_series(1, 20) i; INSERT INTO refers SELECT i FROM generate_series(1, 20) i;
