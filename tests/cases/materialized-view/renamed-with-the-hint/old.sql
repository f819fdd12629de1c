CREATE TABLE sales (id bigint PRIMARY KEY, region text NOT NULL, amount numeric NOT NULL);
CREATE MATERIALIZED VIEW by_region AS SELECT region, sum(amount) AS amount FROM sales GROUP BY region;
CREATE UNIQUE INDEX by_region_region_idx ON by_region (region);
CREATE VIEW over_it AS SELECT region FROM by_region;
COMMENT ON COLUMN by_region.amount IS 'all of it';
