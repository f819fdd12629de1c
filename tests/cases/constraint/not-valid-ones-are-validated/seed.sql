INSERT INTO p SELECT g FROM generate_series(1, 5) g;
INSERT INTO c SELECT g, 1 + g % 5, g FROM generate_series(1, 20) g;
