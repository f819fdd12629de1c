CREATE TABLE sales (id int PRIMARY KEY, region varchar(20) NOT NULL, amount int NOT NULL);
CREATE MATERIALIZED VIEW by_region AS SELECT region, sum(amount) AS amount, max(id) AS last FROM sales GROUP BY region;
CREATE UNIQUE INDEX by_region_region_idx ON by_region (region);
CREATE VIEW over_it AS SELECT region, amount FROM by_region;
COMMENT ON COLUMN by_region.amount IS 'all of it';
COMMENT ON VIEW over_it IS 'over it';
