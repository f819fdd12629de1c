CREATE TABLE accounts (id int PRIMARY KEY);
CREATE TABLE events (id int NOT NULL, account int, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE events_01 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
ALTER TABLE events ADD CONSTRAINT events_account_fkey FOREIGN KEY (account) REFERENCES accounts;
CREATE INDEX events_account ON events (account);
CREATE TABLE events_02 (id int NOT NULL, account int, day date NOT NULL);
CREATE INDEX events_02_account_idx ON events_02 (account);
