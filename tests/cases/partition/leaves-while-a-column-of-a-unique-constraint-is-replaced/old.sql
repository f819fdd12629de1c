CREATE TABLE event (id bigint, sid bigint, seq int NOT NULL, kind text, at timestamptz NOT NULL, PRIMARY KEY (id, at), UNIQUE (sid, seq, at)) PARTITION BY RANGE (at);
CREATE TABLE e1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE e2 PARTITION OF event FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
