INSERT INTO t SELECT g, 'a' || g, '{1,2}' FROM generate_series(1, 30) g;
