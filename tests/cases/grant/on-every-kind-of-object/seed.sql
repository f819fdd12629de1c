INSERT INTO app.notes ("Title", body) SELECT 't' || g, 'b' FROM generate_series(1, 500) g;
