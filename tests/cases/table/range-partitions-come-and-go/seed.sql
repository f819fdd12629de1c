INSERT INTO events SELECT g, '2024-06-01'::date + g * 30, 'k' FROM generate_series(1, 12) g;
