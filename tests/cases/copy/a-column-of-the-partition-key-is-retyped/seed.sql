INSERT INTO logs SELECT g, g, 'm' FROM generate_series(1, 150) g;
