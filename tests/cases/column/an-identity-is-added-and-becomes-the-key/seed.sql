INSERT INTO t (v) SELECT 'v' FROM generate_series(1, 20) g;
INSERT INTO "Odd Table" (v) SELECT 'v' || g FROM generate_series(1, 20) g;
