INSERT INTO trips SELECT g, 'c' || g % 7, 'z' || g % 70, g FROM generate_series(1, 500) g;
