INSERT INTO items SELECT g FROM generate_series(1, 6) g;
