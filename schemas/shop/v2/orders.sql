CREATE TABLE orders (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id         bigint NOT NULL REFERENCES customers,
    shipping_address_id bigint REFERENCES addresses ON DELETE SET NULL,
    status              order_status NOT NULL DEFAULT 'pending',
    currency            currency_code NOT NULL,
    note                text,
    placed_at           timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX orders_customer_id_idx ON orders (customer_id);
-- only open orders are ever looked up by status
CREATE INDEX orders_status_idx ON orders (status, placed_at)
    WHERE status IN ('pending', 'paid');

CREATE TRIGGER orders_log_status
    AFTER UPDATE OF status ON orders
    FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION log_order_status();
