INSERT INTO t (id, first, last) SELECT g, 'Anna', 'B' || g FROM generate_series(1, 20) g;
