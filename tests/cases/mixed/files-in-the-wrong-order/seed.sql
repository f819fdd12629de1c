INSERT INTO a SELECT g, 'x' FROM generate_series(1, 20) g;
INSERT INTO b SELECT g, g FROM generate_series(1, 20) g;
