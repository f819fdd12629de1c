INSERT INTO orders SELECT g, 'p' || g % 7, g % 100 FROM generate_series(1, 500) g;
