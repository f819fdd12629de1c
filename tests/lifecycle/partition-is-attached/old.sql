CREATE TABLE kinds (id int PRIMARY KEY);
CREATE TABLE events (n bigint NOT NULL, kind int REFERENCES kinds, v text) PARTITION BY RANGE (n);
CREATE TABLE events_low PARTITION OF events FOR VALUES FROM (MINVALUE) TO (1000000);
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE INDEX events_n ON events (n);
CREATE TABLE events_old (n bigint NOT NULL, kind int, v text);
