CREATE TYPE span;
CREATE FUNCTION whole(span) RETURNS span LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE span AS RANGE (SUBTYPE = integer, CANONICAL = whole); COMMENT ON TYPE span IS 'range';
CREATE TYPE mood AS ENUM ('good');
CREATE FUNCTION mood_out(mood) RETURNS cstring LANGUAGE internal STABLE STRICT AS 'enum_out';
