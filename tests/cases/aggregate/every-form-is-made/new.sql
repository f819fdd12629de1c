CREATE TABLE sales (id bigint PRIMARY KEY, region text, amount integer);
CREATE FUNCTION middle(double precision[], fraction double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE AS 'SELECT ($1)[greatest(1, ceil(fraction * cardinality($1)))]';
CREATE FUNCTION place(integer[], wanted integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS 'SELECT count(*) + 1 FROM unnest($1) x WHERE x < wanted';
CREATE FUNCTION count_up(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION shown(integer, "Größe" integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE AGGREGATE "Total sum" ("Größe" integer) (
    SFUNC = int4pl, STYPE = integer, SSPACE = 32,
    FINALFUNC = shown, FINALFUNC_EXTRA, FINALFUNC_MODIFY = SHAREABLE,
    COMBINEFUNC = int4pl, INITCOND = '0', PARALLEL = SAFE
);
COMMENT ON AGGREGATE "Total sum" (integer) IS 'a sum';
CREATE AGGREGATE rows_seen(*) (SFUNC = count_up, STYPE = bigint, INITCOND = '0', PARALLEL = RESTRICTED);
COMMENT ON AGGREGATE rows_seen(*) IS 'all rows';
CREATE AGGREGATE lowest(integer) (SFUNC = int4smaller, STYPE = integer, SORTOP = <);
CREATE AGGREGATE rolling(integer) (
    SFUNC = int4pl, STYPE = integer, INITCOND = '0',
    MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer, MSSPACE = 16, MINITCOND = '0',
    MFINALFUNC = int4abs, MFINALFUNC_MODIFY = SHAREABLE, FINALFUNC = int4abs
);
CREATE AGGREGATE at_fraction(fraction double precision ORDER BY value double precision) (
    SFUNC = array_append, STYPE = double precision[], INITCOND = '{}', FINALFUNC = middle
);
COMMENT ON AGGREGATE at_fraction(double precision ORDER BY double precision) IS 'no interpolation';
CREATE AGGREGATE place_of(wanted integer ORDER BY value integer) (
    SFUNC = array_append, STYPE = integer[], INITCOND = '{}', FINALFUNC = place, HYPOTHETICAL
);
CREATE AGGREGATE joined(VARIADIC parts text[]) (SFUNC = array_cat, STYPE = text[], INITCOND = '{it''s, "a\\b"}');
CREATE VIEW totals AS
SELECT region, "Total sum"(amount) AS total, rows_seen(*) AS n, at_fraction(0.5) WITHIN GROUP (ORDER BY amount) AS middle
  FROM sales GROUP BY region;
