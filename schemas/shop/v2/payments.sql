CREATE TABLE payments (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    bigint NOT NULL REFERENCES orders ON DELETE RESTRICT,
    method      payment_method NOT NULL,
    amount      numeric(12,2) NOT NULL,
    provider_id varchar(40),
    paid_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT payments_amount_positive CHECK (amount > 0),
    UNIQUE (method, provider_id)
);

CREATE INDEX payments_order_id_idx ON payments (order_id);
