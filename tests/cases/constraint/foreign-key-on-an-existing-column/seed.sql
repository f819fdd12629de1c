INSERT INTO parent SELECT g FROM generate_series(1, 5) g;
INSERT INTO child SELECT g, 1 + g % 5 FROM generate_series(1, 20) g;
