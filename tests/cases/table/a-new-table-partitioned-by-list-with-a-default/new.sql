CREATE TABLE regions (code text PRIMARY KEY);
CREATE TABLE sales (
    id     bigint NOT NULL,
    region text NOT NULL REFERENCES regions,
    amount numeric NOT NULL CHECK (amount > 0),
    PRIMARY KEY (id, region)
) PARTITION BY LIST (region);
CREATE TABLE sales_eu PARTITION OF sales FOR VALUES IN ('de', 'fr', 'it''s');
CREATE TABLE sales_us PARTITION OF sales FOR VALUES IN ('us');
CREATE TABLE sales_rest PARTITION OF sales DEFAULT;
CREATE INDEX sales_amount ON sales (amount);
COMMENT ON TABLE sales IS 'by region';
