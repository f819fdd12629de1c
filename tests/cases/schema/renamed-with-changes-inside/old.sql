-- pgrehearse: renamed from "The Store"
CREATE SCHEMA shop;
CREATE TABLE shop.goods (
    id int PRIMARY KEY,
    name text,
    price numeric(8, 2)
);
-- pgrehearse: renamed from items
CREATE TABLE shop.lines (
    id int PRIMARY KEY,
    goods int REFERENCES shop.goods,
    amount int NOT NULL DEFAULT 1
) PARTITION BY RANGE (id);
CREATE TABLE shop.lines_1 PARTITION OF shop.lines FOR VALUES FROM (0) TO (1000);
CREATE TABLE shop.gone (n int);
CREATE FUNCTION shop.total(l shop.lines) RETURNS numeric LANGUAGE plpgsql STABLE AS
    'BEGIN RETURN (SELECT g.price * l.amount FROM shop.goods g WHERE g.id = l.goods); END';
CREATE VIEW totals AS SELECT l.id, shop.total(l) AS total FROM shop.lines l;
GRANT USAGE ON SCHEMA shop TO PUBLIC;
GRANT SELECT ON shop.goods TO PUBLIC;
CREATE PUBLICATION p FOR TABLE shop.goods;
