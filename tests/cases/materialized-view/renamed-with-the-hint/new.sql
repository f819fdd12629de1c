CREATE TABLE sales (id bigint PRIMARY KEY, region text NOT NULL, amount numeric NOT NULL);
-- pgrehearse: renamed from by_region
CREATE MATERIALIZED VIEW "Totals" AS SELECT region, sum(amount) AS amount FROM sales GROUP BY region;
CREATE UNIQUE INDEX "Totals_region_idx" ON "Totals" (region);
CREATE VIEW over_it AS SELECT region FROM "Totals";
COMMENT ON COLUMN "Totals".amount IS 'all of it';
