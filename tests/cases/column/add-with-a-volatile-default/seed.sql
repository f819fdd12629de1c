INSERT INTO t (id) SELECT g FROM generate_series(1, 20) g;
INSERT INTO parts (id, at) SELECT g, '2026-05-01' FROM generate_series(1, 20) g;
