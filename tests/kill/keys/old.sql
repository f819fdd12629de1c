CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE TABLE sellers (id int PRIMARY KEY, mood mood);
CREATE TABLE orders (
    n bigint PRIMARY KEY,
    seller_id int,
    total int NOT NULL,
    code text NOT NULL,
    note text
);
CREATE INDEX orders_total ON orders (total);
CREATE INDEX orders_note ON orders (note);
CREATE TABLE codes (v int NOT NULL, code text);
