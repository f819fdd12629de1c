CREATE TABLE events (
    n bigint NOT NULL,
    day int NOT NULL,
    note text NOT NULL DEFAULT 'none',
    PRIMARY KEY (n, day)
) PARTITION BY RANGE (day);
CREATE TABLE events_early PARTITION OF events FOR VALUES FROM (0) TO (30);
CREATE TABLE events_late PARTITION OF events FOR VALUES FROM (30) TO (70);
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE INDEX events_day ON events (day);
CREATE VIEW late AS SELECT n, note FROM events WHERE day > 50;
