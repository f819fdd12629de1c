CREATE TABLE events (id serial, n bigint NOT NULL, v int, PRIMARY KEY (id, n)) PARTITION BY RANGE (n);
CREATE TABLE events_low PARTITION OF events FOR VALUES FROM (MINVALUE) TO (1000500);
CREATE TABLE events_high PARTITION OF events FOR VALUES FROM (1000500) TO (MAXVALUE) PARTITION BY RANGE (n);
CREATE TABLE events_high_rest PARTITION OF events_high DEFAULT;
CREATE INDEX events_n ON events (n);
COMMENT ON CONSTRAINT events_pkey ON events IS 'by number and place';
