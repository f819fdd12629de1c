INSERT INTO events SELECT i, date '2026-01-01' + i, 'k' FROM generate_series(0, 300) i;
