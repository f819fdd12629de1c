INSERT INTO t SELECT g, 'a' || g, g, now(), '{"name": "x"}' FROM generate_series(1, 30) g;
