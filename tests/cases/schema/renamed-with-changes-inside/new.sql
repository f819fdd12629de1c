-- pgrehearse: renamed from shop
CREATE SCHEMA "The Store";
CREATE TABLE "The Store".goods (
    id int PRIMARY KEY,
    name text NOT NULL,
    price numeric(12, 2),
    note text
);
-- pgrehearse: renamed from lines
CREATE TABLE "The Store".items (
    id int PRIMARY KEY,
    goods int REFERENCES "The Store".goods,
    amount int NOT NULL DEFAULT 1
) PARTITION BY RANGE (id);
CREATE TABLE "The Store".lines_1 PARTITION OF "The Store".items FOR VALUES FROM (0) TO (1000);
CREATE TABLE "The Store".come (n int);
CREATE FUNCTION "The Store".total(l "The Store".items) RETURNS numeric LANGUAGE plpgsql STABLE AS
    'BEGIN RETURN (SELECT g.price * l.amount FROM "The Store".goods g WHERE g.id = l.goods); END';
CREATE VIEW totals AS SELECT l.id, "The Store".total(l) AS total FROM "The Store".items l;
CREATE INDEX goods_price ON "The Store".goods (price);
GRANT USAGE ON SCHEMA "The Store" TO PUBLIC;
GRANT SELECT ON "The Store".goods TO PUBLIC;
CREATE PUBLICATION p FOR TABLE "The Store".goods;
