CREATE TABLE events (n bigint NOT NULL, v text) PARTITION BY RANGE (n);
CREATE TABLE events_low PARTITION OF events FOR VALUES FROM (MINVALUE) TO (1000000);
CREATE TABLE events_come (n bigint NOT NULL, v text);
ALTER TABLE events ATTACH PARTITION events_come FOR VALUES FROM (2000000) TO (3000000);
CREATE TABLE events_gone (n bigint NOT NULL, v text);
CREATE INDEX events_v ON events (lower(v));
