INSERT INTO events (day, kind) SELECT '2024-12-01'::date + i * 3, 'k' || i FROM generate_series(1, 60) i;
