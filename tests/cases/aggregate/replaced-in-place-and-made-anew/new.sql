CREATE TABLE sales (id bigint PRIMARY KEY, amount integer);
CREATE FUNCTION plus(c integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT c + b';
CREATE AGGREGATE in_place(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '1', COMBINEFUNC = int4pl, PARALLEL = SAFE);
CREATE AGGREGATE anew(integer) (SFUNC = int84pl, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE "Named"(m integer) (SFUNC = plus, STYPE = integer);
CREATE VIEW totals AS SELECT in_place(amount) AS a, anew(amount)::bigint AS b FROM sales;
COMMENT ON AGGREGATE anew(integer) IS 'kept';
