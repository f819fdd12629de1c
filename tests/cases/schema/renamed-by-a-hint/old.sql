-- pgrehearse: renamed from store
CREATE SCHEMA shop;
COMMENT ON SCHEMA shop IS 'what is sold';
CREATE TYPE shop.mood AS ENUM ('sad', 'glad');
CREATE DOMAIN shop.price AS numeric CHECK (VALUE >= 0);
CREATE TABLE shop.goods (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    price shop.price,
    mood shop.mood DEFAULT 'sad'
);
CREATE INDEX goods_name ON shop.goods (lower(name));
CREATE TABLE orders (
    id serial PRIMARY KEY,
    goods bigint REFERENCES shop.goods
);
CREATE FUNCTION shop.cheap(p shop.price) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 < 10';
CREATE VIEW cheap_goods AS SELECT g.id, g.name FROM shop.goods g WHERE shop.cheap(g.price);
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON shop.goods FOR EACH ROW EXECUTE FUNCTION shop.touch();
