INSERT INTO accounts SELECT i FROM generate_series(1, 50) i;
INSERT INTO events SELECT i, i, '2025-01-02' FROM generate_series(1, 50) i;
INSERT INTO events_02 SELECT i, i, '2025-02-02' FROM generate_series(1, 50) i;
