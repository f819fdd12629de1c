INSERT INTO tasks SELECT g, (ARRAY['low', 'mid', 'high'])[1 + g % 3]::level FROM generate_series(1, 1500) g;
