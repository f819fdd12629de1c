CREATE TABLE sales (id int PRIMARY KEY, region text NOT NULL, amount int NOT NULL);
CREATE VIEW cleaned AS SELECT id::bigint AS id, region, amount FROM sales WHERE amount > 10;
CREATE MATERIALIZED VIEW by_region AS SELECT region, sum(amount) AS amount FROM cleaned GROUP BY region;
CREATE UNIQUE INDEX by_region_region_idx ON by_region (region);
CREATE VIEW beside AS SELECT id FROM cleaned;
