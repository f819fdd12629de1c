INSERT INTO users SELECT g, 'u' || g FROM generate_series(1, 20) g;
INSERT INTO user_profiles SELECT g, 'd' || g, 'http://a/' || g FROM generate_series(1, 15) g;
