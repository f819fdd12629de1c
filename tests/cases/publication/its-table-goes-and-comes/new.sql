CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL, rank integer);

CREATE PUBLICATION p FOR TABLE orders;
