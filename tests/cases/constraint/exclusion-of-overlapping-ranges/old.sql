CREATE TABLE bookings (id int PRIMARY KEY, span int4range NOT NULL, room int4range);
