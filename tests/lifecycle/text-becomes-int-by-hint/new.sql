CREATE TABLE items (
    n bigint PRIMARY KEY,
    -- pgrehearse: convert using (quantity::int) reverse (quantity::text)
    quantity int,
    note text
);
CREATE INDEX items_quantity ON items (quantity) WHERE quantity IS NOT NULL;
