INSERT INTO clients SELECT g, 'c' || g FROM generate_series(1, 1500) g;
