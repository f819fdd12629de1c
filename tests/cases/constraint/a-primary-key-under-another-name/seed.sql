INSERT INTO a SELECT i, i FROM generate_series(1, 50) i;
INSERT INTO b SELECT i, i FROM generate_series(1, 50) i;
INSERT INTO c SELECT i, 'c' || i FROM generate_series(1, 50) i;
