INSERT INTO cities SELECT 'city ' || g, g FROM generate_series(1, 9) g;
