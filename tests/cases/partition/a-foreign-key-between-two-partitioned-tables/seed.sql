INSERT INTO accounts SELECT i FROM generate_series(1, 50) i;
INSERT INTO bookings SELECT i, i FROM generate_series(1, 50) i;
