INSERT INTO items SELECT g, g || ' EUR' FROM generate_series(1, 1500) g;
