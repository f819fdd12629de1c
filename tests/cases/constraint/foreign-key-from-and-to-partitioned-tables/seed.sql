INSERT INTO accounts SELECT g FROM generate_series(1, 20) g;
INSERT INTO bookings SELECT g, 1 + g % 20 FROM generate_series(1, 30) g;
INSERT INTO notes SELECT g, 1 + g % 20 FROM generate_series(1, 30) g;
