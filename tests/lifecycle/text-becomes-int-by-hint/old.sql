CREATE TABLE items (n bigint PRIMARY KEY, quantity text, note text);
CREATE INDEX items_quantity ON items (quantity) WHERE quantity IS NOT NULL;
