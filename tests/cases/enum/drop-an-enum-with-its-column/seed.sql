INSERT INTO shirts (id, color) SELECT g, 'red' FROM generate_series(1, 9) g;
