INSERT INTO account (name) SELECT 'n' || g FROM generate_series(1, 1500) g;
INSERT INTO role (code) VALUES ('a'), ('b');
INSERT INTO membership SELECT g, g % 2 + 1 FROM generate_series(1, 150) g;
INSERT INTO log SELECT g, g % 100 + 1, NULL FROM generate_series(1, 3000) g;
ANALYZE;
