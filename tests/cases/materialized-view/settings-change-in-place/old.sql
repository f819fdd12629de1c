CREATE TABLE sales (id bigint PRIMARY KEY, region text NOT NULL, amount numeric NOT NULL);
CREATE MATERIALIZED VIEW by_region WITH (fillfactor = 70) AS
    SELECT region, sum(amount) AS amount FROM sales GROUP BY region;
ALTER MATERIALIZED VIEW by_region ALTER COLUMN region SET STATISTICS 500;
ALTER MATERIALIZED VIEW by_region ALTER COLUMN region SET STORAGE EXTERNAL;
ALTER MATERIALIZED VIEW by_region ALTER COLUMN amount SET (n_distinct = -0.5);
CREATE INDEX by_region_region ON by_region (region);
CREATE INDEX by_region_lower ON by_region (lower(region));
ALTER MATERIALIZED VIEW by_region CLUSTER ON by_region_region;
COMMENT ON MATERIALIZED VIEW by_region IS 'old';
