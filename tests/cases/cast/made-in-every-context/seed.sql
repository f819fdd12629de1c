INSERT INTO days SELECT g, 'sad', g FROM generate_series(1, 100) g;
