INSERT INTO events SELECT g, 'v' || g FROM generate_series(1, 1500) g;
INSERT INTO events_gone SELECT 4000000 + g, 'v' || g FROM generate_series(1, 1500) g;
INSERT INTO events SELECT 2000000 + g, 'v' || g FROM generate_series(1, 1500) g;
