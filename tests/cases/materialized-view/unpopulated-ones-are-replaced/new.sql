CREATE TABLE sales (id bigint PRIMARY KEY, region text NOT NULL, amount numeric NOT NULL);
CREATE MATERIALIZED VIEW by_region AS SELECT region, avg(amount) AS amount FROM sales GROUP BY region WITH NO DATA;
CREATE UNIQUE INDEX by_region_key ON by_region (region);
COMMENT ON COLUMN by_region.amount IS 'all of it';
