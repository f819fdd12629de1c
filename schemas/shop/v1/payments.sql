CREATE TABLE payments (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    bigint NOT NULL,           -- no foreign key: came from the old system
    method      payment_method NOT NULL,
    amount      numeric(10,2) NOT NULL,
    provider_id varchar(40),
    paid_at     timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX payments_order_id_idx ON payments (order_id);
