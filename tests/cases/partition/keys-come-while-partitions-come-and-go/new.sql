CREATE TABLE kinds (id int PRIMARY KEY);
CREATE TABLE events (
    n bigint NOT NULL,
    kind int CONSTRAINT events_kind REFERENCES kinds,
    v text,
    CONSTRAINT events_n PRIMARY KEY (n)
) PARTITION BY RANGE (n);
CREATE TABLE events_low PARTITION OF events FOR VALUES FROM (MINVALUE) TO (1000000);
CREATE TABLE events_high PARTITION OF events FOR VALUES FROM (1000000) TO (2000000);
CREATE TABLE events_come (n bigint NOT NULL, kind int, v text);
ALTER TABLE events ATTACH PARTITION events_come FOR VALUES FROM (2000000) TO (3000000);
CREATE TABLE events_gone (n bigint NOT NULL, kind int, v text);
CREATE INDEX events_v ON events (v);
