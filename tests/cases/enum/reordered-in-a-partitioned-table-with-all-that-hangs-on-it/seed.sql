INSERT INTO m SELECT i, '2026-01-05', (ARRAY['a','c'])[i % 2 + 1]::st, '{a,b}' FROM generate_series(1, 20) i; INSERT INTO m SELECT i, '2026-02-05', 'b' FROM generate_series(1, 20) i;
