INSERT INTO notes SELECT g, 'a' || g % 7, repeat('x', g % 10) FROM generate_series(1, 500) g;
