CREATE TABLE accounts (id int PRIMARY KEY);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE events (
    id bigint NOT NULL,
    account int NOT NULL REFERENCES accounts,
    day date NOT NULL,
    amount numeric CONSTRAINT events_amount CHECK (amount > 0),
    PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE INDEX events_account ON events (account);
CREATE TRIGGER note AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION note();
CREATE TABLE events_01 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
