CREATE TABLE orders (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id         bigint NOT NULL REFERENCES customers,
    shipping_address_id bigint REFERENCES addresses ON DELETE SET NULL,
    status              order_status NOT NULL DEFAULT 'pending',
    currency            currency_code NOT NULL,
    note                varchar(200),
    placed_at           timestamptz DEFAULT now()
);

CREATE INDEX orders_customer_id_idx ON orders (customer_id);
CREATE INDEX orders_status_idx ON orders (status);

CREATE TRIGGER orders_log_status
    AFTER INSERT OR UPDATE ON orders
    FOR EACH ROW EXECUTE FUNCTION log_order_status();
