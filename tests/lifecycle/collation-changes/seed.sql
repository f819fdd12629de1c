INSERT INTO words SELECT g, 'word ' || g FROM generate_series(1, 1500) g;
