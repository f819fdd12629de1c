INSERT INTO docs SELECT g, 'b' || g FROM generate_series(1, 7) g;
