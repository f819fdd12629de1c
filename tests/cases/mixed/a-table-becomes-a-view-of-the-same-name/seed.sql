INSERT INTO source SELECT g, g FROM generate_series(1, 20) g;
INSERT INTO report SELECT g, g FROM generate_series(1, 20) g;
