INSERT INTO items SELECT g, g % 5, g FROM generate_series(1, 100) g;
