INSERT INTO big SELECT g, 'x' FROM generate_series(1, 2000) g; INSERT INTO little SELECT g, g FROM generate_series(1, 20) g; ANALYZE;
