INSERT INTO cats SELECT g, 'cat' FROM generate_series(1, 5) g;
INSERT INTO dogs SELECT g, 'dog' FROM generate_series(1, 5) g;
