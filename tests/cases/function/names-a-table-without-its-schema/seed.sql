INSERT INTO counters VALUES ('users', 0), ('numbers', 0);
INSERT INTO limits VALUES (1);
INSERT INTO users SELECT g, g FROM generate_series(1, 40) g;
