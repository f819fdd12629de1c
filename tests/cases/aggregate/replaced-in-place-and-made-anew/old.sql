CREATE TABLE sales (id bigint PRIMARY KEY, amount integer);
CREATE FUNCTION plus(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE AGGREGATE in_place(integer) (SFUNC = plus, STYPE = integer, INITCOND = '0');
CREATE AGGREGATE anew(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE AGGREGATE "Named"(n integer) (SFUNC = plus, STYPE = integer);
CREATE VIEW totals AS SELECT in_place(amount) AS a, anew(amount)::bigint AS b FROM sales;
COMMENT ON AGGREGATE anew(integer) IS 'kept';
