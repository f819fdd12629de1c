INSERT INTO t SELECT g, 'a' || g FROM generate_series(1, 30) g;
INSERT INTO u SELECT g, 'a' || g FROM generate_series(1, 30) g;
