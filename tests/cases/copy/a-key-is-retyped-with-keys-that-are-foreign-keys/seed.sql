INSERT INTO t (id, up) SELECT g, g FROM generate_series(1, 40) g; INSERT INTO u SELECT g, g FROM generate_series(1, 40) g;
