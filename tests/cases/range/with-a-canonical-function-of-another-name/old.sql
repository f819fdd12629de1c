CREATE SCHEMA app;
CREATE TYPE made;
CREATE FUNCTION whole(made) RETURNS made LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE made AS RANGE (SUBTYPE = integer, CANONICAL = whole, MULTIRANGE_TYPE_NAME = made_sets);
ALTER TYPE made RENAME TO named;
ALTER TYPE named SET SCHEMA app;
ALTER TYPE made_sets RENAME TO "Named sets";
CREATE TABLE t (id int PRIMARY KEY, a app.named DEFAULT made(1, 2));
