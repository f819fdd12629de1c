INSERT INTO room SELECT g, tsrange('2024-01-01', '2025-01-01') FROM generate_series(1,20) g;
INSERT INTO stay SELECT g, g, tsrange('2024-02-01', '2024-03-01') FROM generate_series(1,20) g;
