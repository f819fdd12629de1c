INSERT INTO m SELECT i, 'a' FROM generate_series(1, 50) i;
INSERT INTO m_rest SELECT i, 'z' FROM generate_series(1, 50) i;
