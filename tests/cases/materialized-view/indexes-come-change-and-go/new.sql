CREATE TABLE sales (id bigint PRIMARY KEY, region text NOT NULL, amount numeric NOT NULL);
CREATE MATERIALIZED VIEW by_region AS SELECT region, sum(amount) AS amount FROM sales GROUP BY region;
CREATE UNIQUE INDEX by_region_key ON by_region (region);
CREATE INDEX redefined ON by_region (region DESC, amount);
CREATE UNIQUE INDEX "Ünique ""one""" ON by_region (amount, region) WHERE amount > 0;
CREATE MATERIALIZED VIEW empty AS SELECT amount FROM sales WITH NO DATA;
CREATE UNIQUE INDEX empty_amount ON empty (amount);
COMMENT ON INDEX redefined IS 'another one';
