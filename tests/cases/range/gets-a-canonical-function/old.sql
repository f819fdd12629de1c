CREATE TYPE days AS RANGE (SUBTYPE = integer);
COMMENT ON TYPE days IS 'from, to';
CREATE TABLE bookings (id bigint PRIMARY KEY, at days DEFAULT days(1, 3), many days_multirange);
CREATE VIEW all_bookings AS SELECT upper(at) FROM bookings;
CREATE TYPE alone AS RANGE (SUBTYPE = integer);
