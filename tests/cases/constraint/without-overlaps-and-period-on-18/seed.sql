INSERT INTO rooms SELECT int4range(g, g + 1), daterange('2025-01-01', '2026-01-01') FROM generate_series(1, 5) g;
INSERT INTO talks SELECT g, int4range(g, g + 1), daterange('2025-02-01', '2025-02-03') FROM generate_series(1, 5) g;
