INSERT INTO people SELECT g, 'p' || g, g FROM generate_series(1, 110) g;
