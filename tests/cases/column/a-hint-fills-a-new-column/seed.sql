INSERT INTO users (id, email, old_email) SELECT g, 'A' || g || '@x.example', 'b' FROM generate_series(1, 20) g;
INSERT INTO parts (id, at) SELECT g, '2026-05-01' FROM generate_series(1, 20) g;
