INSERT INTO t SELECT g, g, '2025-01-01', '{"a": 1}', g / 2.0, '2025-01-01 00:00+00' FROM generate_series(1, 20) g;
