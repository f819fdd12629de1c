CREATE TABLE readings (
    id bigint NOT NULL,
    day date NOT NULL,
    v numeric NOT NULL,
    unit text DEFAULT 'kWh',
    CONSTRAINT readings_v CHECK (v >= 0),
    PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE readings_1 PARTITION OF readings FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');
CREATE TABLE readings_2 PARTITION OF readings FOR VALUES FROM ('2025-07-01') TO ('2026-01-01');
