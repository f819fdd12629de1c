-- Postal addresses. A customer may have many; an order keeps the one it was sent to.
CREATE TABLE addresses (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    label       varchar(50) NOT NULL DEFAULT 'home',
    street      text NOT NULL,
    postcode    varchar(12) NOT NULL,
    city        text NOT NULL,
    country     char(2) NOT NULL DEFAULT 'DE',
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX addresses_customer_id_idx ON addresses (customer_id);
