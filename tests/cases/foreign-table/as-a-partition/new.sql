CREATE EXTENSION postgres_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'db');
CREATE TABLE events (id int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');

CREATE FOREIGN TABLE events_9 PARTITION OF events FOR VALUES FROM ('2022-01-01') TO ('2023-01-01') SERVER files;
CREATE FOREIGN TABLE events_0 (id int, at date CONSTRAINT events_at_not_null NOT NULL) SERVER files OPTIONS (table_name 'e');
CREATE INDEX ON events (id);
