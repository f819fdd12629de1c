INSERT INTO a SELECT g, 'c' || g FROM generate_series(1, 9) g;
INSERT INTO b SELECT g, 'v' FROM generate_series(1, 9) g;
INSERT INTO c SELECT g, 'c' || g FROM generate_series(1, 9) g;
