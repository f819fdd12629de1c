INSERT INTO reading SELECT g, '2024-03-01' FROM generate_series(1, 30) g;
