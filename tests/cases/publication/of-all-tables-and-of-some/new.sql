CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL, rank integer);

CREATE TABLE other (id int PRIMARY KEY);
CREATE PUBLICATION p FOR TABLE orders WITH (publish = 'insert');
COMMENT ON PUBLICATION p IS 'kept';
CREATE PUBLICATION stays FOR ALL TABLES WITH (publish = 'update');
