INSERT INTO kind SELECT g, 'x' FROM generate_series(1, 20) g; INSERT INTO big SELECT g, g%20+1 FROM generate_series(1, 2000) g; ANALYZE;
