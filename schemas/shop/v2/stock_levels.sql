-- How much of what lies where.
CREATE TABLE stock_levels (
    product_id   bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    warehouse_id integer NOT NULL,
    on_hand      integer NOT NULL DEFAULT 0,
    reserved     integer NOT NULL DEFAULT 0,
    counted_at   timestamptz,
    PRIMARY KEY (product_id, warehouse_id),
    CONSTRAINT reserved_is_there CHECK (reserved <= on_hand)
);
