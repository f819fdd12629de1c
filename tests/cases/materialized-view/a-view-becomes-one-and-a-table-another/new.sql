CREATE TABLE sales (id int PRIMARY KEY, region text NOT NULL, amount int NOT NULL);
CREATE MATERIALIZED VIEW by_region AS SELECT region, sum(amount) AS amount FROM sales GROUP BY region;
CREATE UNIQUE INDEX by_region_region_idx ON by_region (region);
CREATE VIEW over_it AS SELECT region FROM by_region;
COMMENT ON MATERIALIZED VIEW by_region IS 'a materialized one';
CREATE VIEW other AS SELECT id FROM sales;
