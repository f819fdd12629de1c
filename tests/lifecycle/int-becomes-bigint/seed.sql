INSERT INTO orders SELECT g, g % 1000, 'seed' FROM generate_series(1, 2000) g;
