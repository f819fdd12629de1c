CREATE TABLE sales (id bigint PRIMARY KEY, region text NOT NULL, amount numeric NOT NULL, at date NOT NULL);
CREATE MATERIALIZED VIEW by_region WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false) AS
    SELECT region, sum(amount) AS amount, count(*) AS sales FROM sales GROUP BY region;
ALTER MATERIALIZED VIEW by_region ALTER COLUMN region SET STATISTICS 500;
ALTER MATERIALIZED VIEW by_region ALTER COLUMN region SET STORAGE EXTERNAL;
ALTER MATERIALIZED VIEW by_region ALTER COLUMN region SET COMPRESSION pglz;
ALTER MATERIALIZED VIEW by_region ALTER COLUMN amount SET (n_distinct = -0.5);
CREATE UNIQUE INDEX by_region_region_key ON by_region (region) INCLUDE (amount);
CREATE INDEX by_region_lower ON by_region (lower(region) text_pattern_ops) WHERE sales > 1;
CREATE STATISTICS by_region_both (mcv) ON region, sales FROM by_region;
ALTER MATERIALIZED VIEW by_region CLUSTER ON by_region_region_key;
CREATE VIEW largest AS SELECT region FROM by_region ORDER BY amount DESC LIMIT 3;
CREATE MATERIALIZED VIEW above AS SELECT l.region, r.amount FROM largest l JOIN by_region r USING (region);
CREATE MATERIALIZED VIEW later AS SELECT max(at) AS last FROM sales WITH NO DATA;
CREATE INDEX later_last ON later (last);
COMMENT ON MATERIALIZED VIEW by_region IS 'sales by region';
COMMENT ON COLUMN by_region.amount IS 'all of it';
COMMENT ON INDEX by_region_lower IS 'for the search';
COMMENT ON MATERIALIZED VIEW later IS 'filled by night';
