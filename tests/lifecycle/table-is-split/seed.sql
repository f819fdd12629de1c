INSERT INTO users SELECT g, 'u' || g, 'b' || g FROM generate_series(1, 1500) g;
