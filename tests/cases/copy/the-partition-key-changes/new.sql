CREATE TABLE readings (
    id int NOT NULL,
    region text NOT NULL,
    day date NOT NULL,
    value numeric,
    PRIMARY KEY (id, region, day)
) PARTITION BY RANGE (day);
CREATE TABLE readings_a PARTITION OF readings FOR VALUES FROM ('2024-01-01') TO ('2024-01-22');
CREATE TABLE readings_rest PARTITION OF readings DEFAULT;
CREATE INDEX readings_value ON readings (value);
