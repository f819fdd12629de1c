INSERT INTO sellers SELECT g, 'calm' FROM generate_series(1, 50) g;
INSERT INTO orders SELECT g, 1 + g % 50, g % 1000, 'c' || g, 'note ' || g FROM generate_series(1, 3000) g;
INSERT INTO codes SELECT g, 'code' || g FROM generate_series(1, 1500) g;
