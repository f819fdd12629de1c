-- What customers say. One review per customer and product.
CREATE TABLE reviews (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id  bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    stars       smallint NOT NULL,
    body        text,
    helpful     integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (product_id, customer_id),
    CHECK (stars BETWEEN 1 AND 5)
);

COMMENT ON COLUMN reviews.helpful IS 'How many readers pressed "helpful"';
