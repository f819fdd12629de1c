INSERT INTO events (n, v) SELECT g, 'v' || g FROM generate_series(1, 1500) g;
INSERT INTO events (n, v) SELECT 1000000 + g, 'v' || g FROM generate_series(1, 1500) g;
