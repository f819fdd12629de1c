CREATE TABLE m (id int NOT NULL, region text) PARTITION BY LIST (region);
CREATE TABLE m_a PARTITION OF m FOR VALUES IN ('a');
CREATE TABLE m_rest (id int NOT NULL, region text);
