CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.touched := coalesce(OLD.touched, 0) + 1;
    RETURN NEW;
END $$;
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 5) PRIMARY KEY,
    customer_id int NOT NULL REFERENCES customers ON DELETE CASCADE,
    parent_id bigint REFERENCES orders ON DELETE SET NULL,
    code text CONSTRAINT orders_code_key UNIQUE,
    net numeric(10,2) NOT NULL DEFAULT 1,
    touched int,
    gross numeric GENERATED ALWAYS AS (net * 1.19) STORED,
    CONSTRAINT net_is_positive CHECK (net >= 0)
);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE UNIQUE INDEX orders_lower_code ON orders (lower(code)) WHERE code IS NOT NULL;
CREATE TABLE lines (
    id serial PRIMARY KEY,
    order_id bigint NOT NULL,
    CONSTRAINT lines_order FOREIGN KEY (order_id) REFERENCES orders ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE VIEW big_orders AS SELECT id, net FROM orders WHERE net > 5;
CREATE VIEW biggest AS SELECT max(net) AS net FROM big_orders;
CREATE FUNCTION same(o orders) RETURNS bigint LANGUAGE sql AS 'SELECT ($1).id';
CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
COMMENT ON TABLE orders IS 'what was bought';
COMMENT ON COLUMN orders.net IS 'before tax';
COMMENT ON INDEX orders_customer IS 'by customer';
COMMENT ON CONSTRAINT orders_pkey ON orders IS 'the key';
COMMENT ON CONSTRAINT lines_order ON lines IS 'of the order';
COMMENT ON TRIGGER touch ON orders IS 'counts';
COMMENT ON VIEW big_orders IS 'big';
CREATE INDEX orders_gross ON orders (gross);
