INSERT INTO notes (title) SELECT 't' FROM generate_series(1, 300);
