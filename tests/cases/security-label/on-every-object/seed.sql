INSERT INTO "La bel".t SELECT g, 'a' || g, 'n' FROM generate_series(1, 1000) g;
