CREATE TABLE events (n bigint NOT NULL, v text) PARTITION BY RANGE (n);
CREATE TABLE events_high PARTITION OF events FOR VALUES FROM (1000000) TO (2000000);
CREATE TABLE events_low PARTITION OF events FOR VALUES FROM (MINVALUE) TO (1000000) PARTITION BY RANGE (n);
CREATE TABLE events_low_a PARTITION OF events_low FOR VALUES FROM (MINVALUE) TO (1000);
CREATE TABLE events_low_b PARTITION OF events_low FOR VALUES FROM (1000) TO (1000000);
-- The key of events is on one partition, and that of the other on one of its own.
ALTER TABLE ONLY events ADD CONSTRAINT events_n PRIMARY KEY (n);
ALTER TABLE events_high ADD CONSTRAINT events_high_n PRIMARY KEY (n);
ALTER INDEX events_n ATTACH PARTITION events_high_n;
ALTER TABLE ONLY events_low ADD CONSTRAINT events_low_n PRIMARY KEY (n);
ALTER TABLE events_low_a ADD CONSTRAINT events_low_a_n PRIMARY KEY (n);
ALTER INDEX events_low_n ATTACH PARTITION events_low_a_n;
-- The index is on one partition, and in the other on one of its own.
CREATE INDEX events_v ON ONLY events (v);
CREATE INDEX events_high_v ON events_high (v);
ALTER INDEX events_v ATTACH PARTITION events_high_v;
CREATE INDEX events_low_v ON ONLY events_low (v);
CREATE INDEX events_low_b_v ON events_low_b (v);
ALTER INDEX events_low_v ATTACH PARTITION events_low_b_v;
-- A unique constraint that no partition has.
ALTER TABLE ONLY events ADD CONSTRAINT events_n_v UNIQUE (n, v);
