INSERT INTO bookings SELECT g, int4range(g * 10, g * 10 + 5), int4range(g, g + 1) FROM generate_series(1, 20) g;
