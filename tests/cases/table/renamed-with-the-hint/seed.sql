INSERT INTO clients ("Full Name") SELECT 'n' || i FROM generate_series(1, 30) i;
INSERT INTO bills SELECT i, i FROM generate_series(1, 20) i;
