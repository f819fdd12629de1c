INSERT INTO parts SELECT g, 'much too long ' || g FROM generate_series(1, 7) g;
