CREATE TABLE m (
    id int NOT NULL,
    -- pgrehearse: renamed from "On Day"
    day date NOT NULL,
    n int
) PARTITION BY RANGE (day);
CREATE TABLE m_1 PARTITION OF m FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE m_2 PARTITION OF m FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
