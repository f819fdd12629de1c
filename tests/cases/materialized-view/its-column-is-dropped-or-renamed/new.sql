CREATE TABLE sales (id int PRIMARY KEY,
    -- pgrehearse: renamed from region
    "Area" text NOT NULL,
    amount int NOT NULL);
CREATE MATERIALIZED VIEW by_region AS SELECT "Area" AS region, sum(amount) AS amount FROM sales GROUP BY "Area";
CREATE UNIQUE INDEX by_region_region_idx ON by_region (region);
