INSERT INTO trips (id, city, "Zip Code") SELECT g, 'c' || g % 7, 'z' || g % 70 FROM generate_series(1, 500) g;
