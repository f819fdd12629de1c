CREATE SCHEMA "Own";
CREATE TYPE "Own"."Days";
CREATE FUNCTION whole_days("Own"."Days") RETURNS "Own"."Days" LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE FUNCTION apart(integer, integer) RETURNS double precision LANGUAGE internal IMMUTABLE STRICT AS 'int4range_subdiff';
CREATE TYPE "Own"."Days" AS RANGE (SUBTYPE = integer, CANONICAL = whole_days, SUBTYPE_DIFF = apart, MULTIRANGE_TYPE_NAME = many_days);
COMMENT ON TYPE "Own"."Days" IS 'from, to';
REVOKE USAGE ON TYPE "Own"."Days" FROM PUBLIC;
COMMENT ON FUNCTION whole_days("Own"."Days") IS 'whole';
CREATE TABLE bookings (
    id bigint PRIMARY KEY, note text, at "Own"."Days" DEFAULT "Own"."Days"(1, 3), weekly many_days DEFAULT '{[1,2]}'
);
CREATE INDEX bookings_at ON bookings USING gist (at);
CREATE FUNCTION length("Own"."Days") RETURNS integer LANGUAGE sql AS 'SELECT upper($1) - lower($1)';
