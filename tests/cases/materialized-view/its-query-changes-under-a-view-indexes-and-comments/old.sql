CREATE TABLE sales (id bigint PRIMARY KEY, region text NOT NULL, amount numeric NOT NULL, spare text);
CREATE MATERIALIZED VIEW by_region WITH (fillfactor = 80) AS
    SELECT region, sum(amount) AS amount, max(spare) AS spare FROM sales GROUP BY region;
ALTER MATERIALIZED VIEW by_region ALTER COLUMN region SET STATISTICS 500;
CREATE UNIQUE INDEX by_region_key ON by_region (region);
CREATE INDEX by_region_amount ON by_region (amount);
CREATE STATISTICS by_region_both ON region, amount FROM by_region;
ALTER MATERIALIZED VIEW by_region CLUSTER ON by_region_key;
COMMENT ON MATERIALIZED VIEW by_region IS 'sales by region';
COMMENT ON COLUMN by_region.amount IS 'all of it';
COMMENT ON INDEX by_region_key IS 'for REFRESH CONCURRENTLY';
COMMENT ON STATISTICS by_region_both IS 'both';
CREATE VIEW largest AS SELECT region, amount FROM by_region ORDER BY amount DESC LIMIT 3;
COMMENT ON VIEW largest IS 'the three largest';
CREATE FUNCTION shown(OUT region text, OUT amount numeric) RETURNS SETOF record LANGUAGE sql STABLE
    BEGIN ATOMIC SELECT b.region, b.amount FROM by_region b; END;
