INSERT INTO t (id, code, note) SELECT g, g::text, 'n' || g FROM generate_series(1, 20) g;
