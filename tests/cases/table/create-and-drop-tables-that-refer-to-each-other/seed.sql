INSERT INTO users SELECT g, 'u' || g FROM generate_series(1, 5) g;
INSERT INTO old_posts SELECT g, g, 'b' FROM generate_series(1, 5) g;
INSERT INTO old_likes SELECT g, 6 - g FROM generate_series(1, 5) g;
