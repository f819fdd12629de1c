CREATE TABLE items (
    shop int,
    number int,
    price numeric NOT NULL,
    moved int DEFAULT 1,
    written int,
    total numeric GENERATED ALWAYS AS (price * 2) STORED,
    PRIMARY KEY (shop, number),
    UNIQUE (moved, number, shop)
);
CREATE INDEX items_total ON items (total) INCLUDE (price);
CREATE VIEW totals AS SELECT shop, sum(total) AS total FROM items GROUP BY shop;
