CREATE SCHEMA p;
CREATE TABLE orders (id bigint PRIMARY KEY, place text NOT NULL, rank integer);

CREATE TABLE p.t (id int PRIMARY KEY);
CREATE PUBLICATION p FOR TABLE orders, p.t;
COMMENT ON PUBLICATION p IS 'kept';
