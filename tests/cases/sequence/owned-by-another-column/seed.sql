INSERT INTO a SELECT g FROM generate_series(1, 5) g;
INSERT INTO b SELECT g FROM generate_series(1, 5) g;
