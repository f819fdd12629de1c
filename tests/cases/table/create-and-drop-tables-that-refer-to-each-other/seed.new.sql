INSERT INTO users SELECT g, 'u' || g FROM generate_series(1, 5) g;
INSERT INTO posts SELECT g, g, 'b' FROM generate_series(1, 5) g;
INSERT INTO likes SELECT g, 6 - g FROM generate_series(1, 5) g;
