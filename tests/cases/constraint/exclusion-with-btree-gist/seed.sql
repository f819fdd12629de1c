INSERT INTO stays SELECT g, g, daterange('2025-01-01', '2025-01-08') FROM generate_series(1, 20) g;
