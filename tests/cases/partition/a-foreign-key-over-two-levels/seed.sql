INSERT INTO accounts SELECT i FROM generate_series(1, 50) i;
INSERT INTO "a partitioned table with a name as long as names are allowed_" SELECT i, i, '2025-01-02' FROM generate_series(1, 50) i;
INSERT INTO "a partitioned table with a name as long as names are allowed_" SELECT i, i, '2025-02-02' FROM generate_series(1, 50) i;
