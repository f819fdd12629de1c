INSERT INTO t (id, no) SELECT g, g * 3 FROM generate_series(1, 20) g;
INSERT INTO s (id) SELECT g FROM generate_series(1, 20) g;
