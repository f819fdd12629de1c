CREATE TABLE sales (id int PRIMARY KEY, region text NOT NULL, amount int NOT NULL);
CREATE VIEW by_region AS SELECT region, sum(amount) AS amount FROM sales GROUP BY region;
CREATE VIEW over_it AS SELECT region FROM by_region;
COMMENT ON VIEW by_region IS 'a view';
CREATE MATERIALIZED VIEW other AS SELECT id FROM sales;
CREATE UNIQUE INDEX other_id ON other (id);
