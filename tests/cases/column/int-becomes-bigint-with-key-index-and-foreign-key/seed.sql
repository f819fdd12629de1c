INSERT INTO parents SELECT g, 'p' FROM generate_series(1, 10) g;
INSERT INTO children SELECT g, 1 + g % 10, g FROM generate_series(1, 30) g;
