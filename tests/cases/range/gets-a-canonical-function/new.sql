CREATE TYPE days;
CREATE FUNCTION whole_days(days) RETURNS days LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE days AS RANGE (SUBTYPE = integer, CANONICAL = whole_days);
COMMENT ON TYPE days IS 'from, to';
CREATE TABLE bookings (id bigint PRIMARY KEY, at days DEFAULT days(1, 3), many days_multirange);
CREATE VIEW all_bookings AS SELECT upper(at) FROM bookings;
CREATE TYPE alone;
CREATE FUNCTION whole_alone(alone) RETURNS alone LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE alone AS RANGE (SUBTYPE = integer, CANONICAL = whole_alone);
