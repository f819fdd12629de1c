INSERT INTO events SELECT g, g % 100, 'seed' FROM generate_series(1, 2000) g;
