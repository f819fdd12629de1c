INSERT INTO sales SELECT g, 'r' || g % 20, g, '2024-01-01'::date + g % 300 FROM generate_series(1, 2000) g;
