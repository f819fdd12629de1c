CREATE TABLE logs (id int NOT NULL, day date NOT NULL, line text) PARTITION BY RANGE (day);
CREATE TABLE logs_01 PARTITION OF logs FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE logs_02 (id int NOT NULL, day date NOT NULL, line text);
