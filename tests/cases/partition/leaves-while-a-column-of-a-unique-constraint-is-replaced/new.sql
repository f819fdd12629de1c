CREATE TABLE event (id bigint, sid bigint, seq bigint NOT NULL, kind text, at timestamptz NOT NULL, PRIMARY KEY (id, at), UNIQUE (sid, seq, at)) PARTITION BY RANGE (at);
CREATE TABLE e1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
