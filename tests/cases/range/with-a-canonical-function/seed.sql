INSERT INTO bookings SELECT g, 'n' || g FROM generate_series(1, 300) g;
