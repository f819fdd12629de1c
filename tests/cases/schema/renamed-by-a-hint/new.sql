-- pgrehearse: renamed from shop
CREATE SCHEMA store;
COMMENT ON SCHEMA store IS 'what is sold';
CREATE TYPE store.mood AS ENUM ('sad', 'glad');
CREATE DOMAIN store.price AS numeric CHECK (VALUE >= 0);
CREATE TABLE store.goods (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    price store.price,
    mood store.mood DEFAULT 'sad'
);
CREATE INDEX goods_name ON store.goods (lower(name));
CREATE TABLE orders (
    id serial PRIMARY KEY,
    goods bigint REFERENCES store.goods
);
CREATE FUNCTION store.cheap(p store.price) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 < 10';
CREATE VIEW cheap_goods AS SELECT g.id, g.name FROM store.goods g WHERE store.cheap(g.price);
CREATE FUNCTION store.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON store.goods FOR EACH ROW EXECUTE FUNCTION store.touch();
