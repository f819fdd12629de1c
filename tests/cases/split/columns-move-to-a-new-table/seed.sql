INSERT INTO users SELECT g, 'u' || g, nullif('d' || g, 'd7'), 'http://a/' || g FROM generate_series(1, 20) g;
