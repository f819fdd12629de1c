INSERT INTO logs SELECT g, '2025-01-01'::date + g, 'l' FROM generate_series(1, 20) g;
INSERT INTO logs_02 SELECT g, '2025-02-01'::date + g, 'l' FROM generate_series(1, 20) g;
