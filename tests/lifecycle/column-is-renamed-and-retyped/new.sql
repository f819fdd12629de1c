CREATE TABLE items (
    n bigint PRIMARY KEY,
    -- pgrehearse: renamed from price
    -- pgrehearse: convert using (replace(price, ' EUR', '')::bigint * 100)
    -- pgrehearse+ reverse ((cents / 100)::text || ' EUR')
    cents bigint NOT NULL DEFAULT 100 CHECK (cents >= 0),
    note text
);
CREATE INDEX items_price ON items (cents);
