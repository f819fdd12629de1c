INSERT INTO users SELECT g, 'User' || g FROM generate_series(1, 1500) g;
