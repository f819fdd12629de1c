CREATE TYPE status AS ENUM ('draft', 'open', 'sent out', 'done', 'void');
COMMENT ON TYPE status IS 'where an order stands';
CREATE TABLE orders (
    id int PRIMARY KEY,
    state status NOT NULL DEFAULT 'draft',
    past status[],
    n int
);
COMMENT ON COLUMN orders.state IS 'now';
CREATE INDEX orders_open ON orders (state) WHERE state = 'open';
ALTER TABLE orders ADD CONSTRAINT not_void CHECK (state <> 'void' OR n IS NULL);
CREATE TABLE log (at timestamptz, state status);
CREATE VIEW open_orders AS SELECT id, state FROM orders WHERE state IN ('open', 'draft');
CREATE FUNCTION is_over(s status) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT s IN ('done') $$;
