INSERT INTO events (n, v) SELECT g, g % 100 FROM generate_series(1, 1500) g;
