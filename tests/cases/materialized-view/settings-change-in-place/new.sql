CREATE TABLE sales (id bigint PRIMARY KEY, region text NOT NULL, amount numeric NOT NULL);
CREATE MATERIALIZED VIEW by_region WITH (autovacuum_enabled = false) AS
    SELECT region, sum(amount) AS amount FROM sales GROUP BY region;
ALTER MATERIALIZED VIEW by_region ALTER COLUMN amount SET STATISTICS 200;
ALTER MATERIALIZED VIEW by_region ALTER COLUMN region SET COMPRESSION pglz;
ALTER MATERIALIZED VIEW by_region ALTER COLUMN region SET (n_distinct = 20);
CREATE INDEX by_region_region ON by_region (region);
CREATE INDEX by_region_lower ON by_region (lower(region));
ALTER INDEX by_region_lower ALTER COLUMN 1 SET STATISTICS 300;
ALTER MATERIALIZED VIEW by_region CLUSTER ON by_region_lower;
ALTER MATERIALIZED VIEW by_region REPLICA IDENTITY FULL;
COMMENT ON MATERIALIZED VIEW by_region IS 'new';
COMMENT ON COLUMN by_region.region IS 'new as well';
