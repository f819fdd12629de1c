CREATE TABLE accounts (id int PRIMARY KEY);
CREATE TABLE events (id int NOT NULL, account int REFERENCES accounts, day date NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE INDEX events_account ON events (account);
CREATE TABLE events_01 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE events_09 PARTITION OF events FOR VALUES FROM ('2025-09-01') TO ('2025-10-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
