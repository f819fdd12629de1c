INSERT INTO "Bücher" SELECT g, g, 't' || g FROM generate_series(1, 20) g;
INSERT INTO "SELECT" SELECT g, 'ab' || g, 'o' FROM generate_series(1, 10) g;
INSERT INTO "日本" ("№") SELECT g FROM generate_series(1, 5) g;
