INSERT INTO t (id, a_name) SELECT g, 'n' || g FROM generate_series(1, 20) g;
