INSERT INTO a SELECT g, 'v' FROM generate_series(1, 20) g;
INSERT INTO b SELECT g, g, 'z' FROM generate_series(1, 20) g;
