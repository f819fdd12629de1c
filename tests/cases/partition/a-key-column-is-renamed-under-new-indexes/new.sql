CREATE TABLE m (
    id int NOT NULL,
    -- pgrehearse: renamed from day
    "On Day" date NOT NULL,
    n int,
    UNIQUE (id, "On Day") DEFERRABLE
) PARTITION BY RANGE ("On Day");
CREATE TABLE m_1 PARTITION OF m FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE m_2 PARTITION OF m FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
CREATE INDEX on_one_partition ON m_1 ("On Day");
