INSERT INTO cache (key) SELECT 'k' || g FROM generate_series(1, 20) g;
INSERT INTO scratch SELECT g FROM generate_series(1, 20) g;
