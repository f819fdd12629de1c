INSERT INTO p SELECT g, g + 1 FROM generate_series(1, 5) g;
INSERT INTO c VALUES (1, 1, 2), (2, 3, 4), (3, NULL, NULL);
