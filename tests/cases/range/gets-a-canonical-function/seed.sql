INSERT INTO bookings SELECT g, days(g, g + 2), '{[1,2)}' FROM generate_series(1, 100) g;
