INSERT INTO hot SELECT g, g FROM generate_series(1, 20) g;
INSERT INTO cold SELECT g, 'v' FROM generate_series(1, 20) g;
