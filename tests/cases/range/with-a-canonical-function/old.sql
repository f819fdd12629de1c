CREATE TABLE bookings (id bigint PRIMARY KEY, note text);
