INSERT INTO m SELECT g, '2025-01-01'::date + g, 'v' FROM generate_series(1, 30) g;
