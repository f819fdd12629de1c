INSERT INTO users (bio, score) SELECT 'b' || g, g FROM generate_series(1, 20) g;
