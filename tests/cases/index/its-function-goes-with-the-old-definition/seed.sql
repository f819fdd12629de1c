INSERT INTO t (id, a, b) SELECT g, 'abc' || g, 'x' FROM generate_series(1, 30) g; INSERT INTO p SELECT g, 'abc' || g FROM generate_series(1, 30) g;
