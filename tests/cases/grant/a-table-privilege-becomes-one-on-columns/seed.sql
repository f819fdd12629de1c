INSERT INTO notes SELECT g, g, g FROM generate_series(1, 500) g;
