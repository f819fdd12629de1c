INSERT INTO r SELECT g, '2024-03-01', g FROM generate_series(1, 30) g;
