CREATE TABLE sales (id int PRIMARY KEY, region text NOT NULL, amount int NOT NULL, spare text);
CREATE MATERIALIZED VIEW by_region AS SELECT region, sum(amount) AS amount, max(spare) AS spare FROM sales GROUP BY region;
CREATE UNIQUE INDEX by_region_region_idx ON by_region (region);
