INSERT INTO users (id, username) SELECT g, 'u' || g FROM generate_series(1, 20) g;
