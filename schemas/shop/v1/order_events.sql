-- History of orders, one partition a quarter.
CREATE TABLE order_events (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    order_id    bigint NOT NULL,
    kind        text NOT NULL,
    detail      jsonb NOT NULL DEFAULT '{}',
    happened_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, happened_at)
) PARTITION BY RANGE (happened_at);

CREATE TABLE order_events_2025q3 PARTITION OF order_events
    FOR VALUES FROM ('2025-07-01 00:00+00') TO ('2025-10-01 00:00+00');
CREATE TABLE order_events_2025q4 PARTITION OF order_events
    FOR VALUES FROM ('2025-10-01 00:00+00') TO ('2026-01-01 00:00+00');

CREATE INDEX order_events_order_id_idx ON order_events (order_id);
