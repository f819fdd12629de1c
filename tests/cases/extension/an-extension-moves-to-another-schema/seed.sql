INSERT INTO tags SELECT g, 'L' || g FROM generate_series(1, 6) g;
