INSERT INTO m SELECT g, 'a', '2025-01-01'::date + g FROM generate_series(1, 20) g;
