INSERT INTO pages (id) SELECT g FROM generate_series(1, 7) g;
