CREATE TABLE readings (
    id int NOT NULL,
    region text NOT NULL,
    day date NOT NULL,
    value numeric,
    PRIMARY KEY (id, region, day)
) PARTITION BY LIST (region);
CREATE TABLE readings_a PARTITION OF readings FOR VALUES IN ('north', 'south');
CREATE TABLE readings_b PARTITION OF readings FOR VALUES IN ('east');
CREATE TABLE readings_c PARTITION OF readings DEFAULT;
CREATE INDEX readings_value ON readings (value);
