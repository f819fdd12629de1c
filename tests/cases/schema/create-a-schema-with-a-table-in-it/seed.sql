INSERT INTO accounts SELECT g, 'account ' || g FROM generate_series(1, 12) g;
