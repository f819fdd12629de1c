INSERT INTO users SELECT g, 'u' || g, 'b' || g FROM generate_series(1, 2000) g;
INSERT INTO shelves SELECT g, 's' || g FROM generate_series(1, 1000) g;
INSERT INTO visits SELECT g, g % 100, 'seed' FROM generate_series(1, 2000) g;
