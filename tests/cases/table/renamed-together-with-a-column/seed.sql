INSERT INTO clients SELECT g, 'u' FROM generate_series(1, 20) g;
