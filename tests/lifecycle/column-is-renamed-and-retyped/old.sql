CREATE TABLE items (n bigint PRIMARY KEY, price text NOT NULL DEFAULT '1 EUR', note text);
CREATE INDEX items_price ON items (price);
