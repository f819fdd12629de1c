CREATE TABLE events (
    id bigserial,
    day date NOT NULL,
    kind text,
    PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE events_24 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_25 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
    PARTITION BY RANGE (day);
CREATE TABLE events_25a PARTITION OF events_25 FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE INDEX events_id ON events (id, kind);
COMMENT ON CONSTRAINT events_pkey ON events IS 'the key';
