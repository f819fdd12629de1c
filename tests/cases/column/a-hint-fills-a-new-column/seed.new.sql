INSERT INTO users (id, email, login) SELECT g, 'A' || g || '@x.example', 'a' || g FROM generate_series(1, 20) g;
INSERT INTO parts (id, at, year) SELECT g, '2026-05-01', 2026 FROM generate_series(1, 20) g;
