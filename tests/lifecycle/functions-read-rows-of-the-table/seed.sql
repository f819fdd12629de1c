INSERT INTO orders SELECT g, g % 1000 FROM generate_series(1, 1500) g;
