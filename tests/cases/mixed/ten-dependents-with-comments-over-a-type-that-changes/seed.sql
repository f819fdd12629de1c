INSERT INTO people SELECT g, 'p' || g, (ARRAY['sad', 'ok', 'glad'])[g % 3 + 1]::mood, g FROM generate_series(1, 100) g;
REFRESH MATERIALIZED VIEW m1;
REFRESH MATERIALIZED VIEW m2;
