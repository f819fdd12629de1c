INSERT INTO m SELECT g, (ARRAY['a','b','c'])[1 + g % 3], '2024-12-25'::date + g FROM generate_series(1, 20) g;
