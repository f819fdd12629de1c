-- Parcels. An order may take several.
CREATE TABLE shipments (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id     bigint NOT NULL REFERENCES orders,
    warehouse_id integer NOT NULL REFERENCES warehouses,
    packed_by    integer REFERENCES staff ON DELETE SET NULL,
    carrier      carrier NOT NULL,
    tracking_no  text,
    shipped_at   timestamptz,
    CHECK (carrier = 'pickup' OR shipped_at IS NULL OR tracking_no IS NOT NULL)
);

COMMENT ON TABLE shipments IS 'Parcels. An order may take several.';
COMMENT ON COLUMN shipments.tracking_no IS 'As the carrier prints it';

CREATE INDEX shipments_order_id_idx ON shipments (order_id);
CREATE UNIQUE INDEX shipments_tracking_no_key ON shipments (carrier, tracking_no)
    WHERE tracking_no IS NOT NULL;
