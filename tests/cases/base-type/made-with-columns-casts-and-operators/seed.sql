INSERT INTO orders SELECT g, 'n' || g FROM generate_series(1, 300) g;
