CREATE TABLE accounts (id int PRIMARY KEY);
CREATE TABLE entries (
    id int PRIMARY KEY,
    -- pgrehearse: renamed from acct
    account_id int NOT NULL CONSTRAINT entries_acct_fkey REFERENCES accounts,
    -- pgrehearse: renamed from amt
    amount numeric NOT NULL CONSTRAINT amount_not_zero CHECK (amount <> 0)
);
CREATE INDEX entries_account ON entries (account_id, amount DESC);
CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER entries_amount BEFORE UPDATE OF amount ON entries FOR EACH ROW WHEN (OLD.amount > NEW.amount) EXECUTE FUNCTION noop();
CREATE VIEW balances AS SELECT account_id AS account, sum(amount) AS balance FROM entries GROUP BY account_id;
COMMENT ON COLUMN entries.amount IS 'never zero';
