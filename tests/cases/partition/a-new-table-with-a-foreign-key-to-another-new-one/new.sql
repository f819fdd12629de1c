CREATE TABLE stream (id bigint PRIMARY KEY);
CREATE TABLE event (id bigint, stream_id bigint REFERENCES stream, at timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE e1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
