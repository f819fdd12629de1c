INSERT INTO p SELECT g, 'c' || g, 'n' FROM generate_series(1, 10) g;
INSERT INTO c SELECT g, 'c' || (1 + g % 10) FROM generate_series(1, 20) g;
