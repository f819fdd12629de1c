INSERT INTO parts SELECT g, 'p' || g FROM generate_series(1, 7) g;
