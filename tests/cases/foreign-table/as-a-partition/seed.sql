INSERT INTO events SELECT g, '2024-06-01' FROM generate_series(1, 200) g;
