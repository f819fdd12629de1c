INSERT INTO kinds SELECT generate_series(1, 5);
INSERT INTO events SELECT g, 1 + g % 5, 'v' || g FROM generate_series(1, 1500) g;
INSERT INTO events SELECT 1000000 + g, 1 + g % 5, 'v' || g FROM generate_series(1, 1500) g;
INSERT INTO events_gone SELECT 4000000 + g, 1 + g % 5, 'v' || g FROM generate_series(1, 1500) g;
INSERT INTO events SELECT 2000000 + g, 1 + g % 5, 'v' || g FROM generate_series(1, 1500) g;
