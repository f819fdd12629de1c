INSERT INTO kinds SELECT generate_series(1, 5);
INSERT INTO events SELECT g, 't', 1 + g % 5, 'v' || g FROM generate_series(1, 1500) g;
