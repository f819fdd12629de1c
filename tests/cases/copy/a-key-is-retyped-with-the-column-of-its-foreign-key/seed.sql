INSERT INTO t (id) SELECT g FROM generate_series(1, 40) g; INSERT INTO u SELECT g FROM generate_series(1, 40) g;
