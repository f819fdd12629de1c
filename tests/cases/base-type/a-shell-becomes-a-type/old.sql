CREATE TYPE alone; COMMENT ON TYPE alone IS 'a shell';
CREATE FUNCTION alone_in(cstring) RETURNS alone LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE TYPE stays;
CREATE TYPE span;
CREATE FUNCTION whole(span) RETURNS span LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE goes;
