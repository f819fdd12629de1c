INSERT INTO words SELECT g, 'w' || g FROM generate_series(1, 100) g;
