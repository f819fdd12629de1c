-- How much of what lies where. (Imported nightly; nobody thought of a key.)
CREATE TABLE stock_levels (
    product_id   bigint NOT NULL,
    warehouse_id integer NOT NULL,
    on_hand      integer NOT NULL DEFAULT 0,
    reserved     integer NOT NULL DEFAULT 0,
    counted_at   timestamptz
);
