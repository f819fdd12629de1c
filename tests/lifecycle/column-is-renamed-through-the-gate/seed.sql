INSERT INTO users SELECT g, 'u' || g FROM generate_series(1, 1500) g;
