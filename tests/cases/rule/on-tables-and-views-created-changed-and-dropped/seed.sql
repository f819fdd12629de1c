INSERT INTO people SELECT g, 'p' || g FROM generate_series(1, 100) g;
INSERT INTO log VALUES ('first', 1);
