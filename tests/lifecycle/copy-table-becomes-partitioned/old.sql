CREATE TABLE events (
    n bigint NOT NULL,
    day int NOT NULL,
    note text NOT NULL DEFAULT 'none',
    PRIMARY KEY (n, day)
);
CREATE INDEX events_day ON events (day);
CREATE VIEW late AS SELECT n, note FROM events WHERE day > 50;
