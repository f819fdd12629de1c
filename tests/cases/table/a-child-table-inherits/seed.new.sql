INSERT INTO cities SELECT 'city ' || g, g FROM generate_series(1, 9) g;
INSERT INTO capitals SELECT 'capital ' || g, g, 'DE' FROM generate_series(1, 9) g;
