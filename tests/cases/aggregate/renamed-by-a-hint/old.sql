CREATE TABLE sales (id bigint PRIMARY KEY, amount integer);
CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE VIEW totals AS SELECT total(amount) FROM sales;
