INSERT INTO readings SELECT g, '2025-01-01'::date + g * 7, g FROM generate_series(1, 40) g;
