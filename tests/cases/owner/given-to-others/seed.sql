INSERT INTO app.notes (title) SELECT 't' FROM generate_series(1, 300);
INSERT INTO app.plain (n) SELECT 1 FROM generate_series(1, 300);
