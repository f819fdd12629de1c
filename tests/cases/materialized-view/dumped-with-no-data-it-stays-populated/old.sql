CREATE TABLE sales (id bigint PRIMARY KEY, region text NOT NULL, amount numeric NOT NULL);
CREATE MATERIALIZED VIEW by_region AS SELECT region, sum(amount) AS amount FROM sales GROUP BY region;
CREATE MATERIALIZED VIEW stays AS SELECT region FROM sales;
