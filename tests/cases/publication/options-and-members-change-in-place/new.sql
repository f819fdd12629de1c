CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL, rank integer);

CREATE TABLE other (id int PRIMARY KEY);
CREATE PUBLICATION p FOR TABLE other WITH (publish = 'insert, delete', publish_via_partition_root = true);
COMMENT ON PUBLICATION p IS 'two';
