INSERT INTO b SELECT 'b' FROM generate_series(1, 20) i;
INSERT INTO c SELECT i, 'c' FROM generate_series(1, 20) i;
