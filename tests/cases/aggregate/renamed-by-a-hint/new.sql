CREATE TABLE sales (id bigint PRIMARY KEY, amount integer);
-- pgrehearse: renamed from total
CREATE AGGREGATE "Total sum"(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE VIEW totals AS SELECT "Total sum"(amount) AS total FROM sales;
