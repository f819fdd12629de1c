INSERT INTO t (id, label) SELECT g, 'N' || g FROM generate_series(1, 20) g;
