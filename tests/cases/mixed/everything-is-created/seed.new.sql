INSERT INTO app.users (mail) SELECT 'u' || g || '@example.org' FROM generate_series(1, 10) g;
INSERT INTO app.posts (slug, author) SELECT 'p-' || g, 1 FROM generate_series(1, 10) g;
