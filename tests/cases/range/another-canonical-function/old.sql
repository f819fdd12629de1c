CREATE TYPE days;
CREATE FUNCTION whole_days(days) RETURNS days LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE days AS RANGE (SUBTYPE = integer, CANONICAL = whole_days);
CREATE TABLE bookings (id bigint PRIMARY KEY, at days DEFAULT days(1, 3));
CREATE TYPE made;
CREATE FUNCTION whole_made(made) RETURNS made LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE made AS RANGE (SUBTYPE = integer, CANONICAL = whole_made);
