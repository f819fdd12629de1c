INSERT INTO readings SELECT g, (ARRAY['north', 'east', 'west'])[1 + g % 3], '2024-01-01'::date + g, g FROM generate_series(1, 60) g;
