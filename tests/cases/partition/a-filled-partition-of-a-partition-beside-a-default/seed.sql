INSERT INTO m SELECT i, 'a', '2025-01-02' FROM generate_series(1, 50) i;
INSERT INTO m SELECT i, NULL, '2026-01-02' FROM generate_series(1, 50) i;
INSERT INTO m_a_02 SELECT i, 'a', '2025-02-02' FROM generate_series(1, 50) i;
