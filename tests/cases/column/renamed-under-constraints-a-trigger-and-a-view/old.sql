CREATE TABLE accounts (id int PRIMARY KEY);
CREATE TABLE entries (
    id int PRIMARY KEY,
    -- pgrehearse: renamed from account_id
    acct int NOT NULL REFERENCES accounts,
    -- pgrehearse: renamed from amount
    amt numeric NOT NULL CONSTRAINT amount_not_zero CHECK (amt <> 0)
);
CREATE INDEX entries_account ON entries (acct, amt DESC);
CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER entries_amount BEFORE UPDATE OF amt ON entries FOR EACH ROW WHEN (OLD.amt > NEW.amt) EXECUTE FUNCTION noop();
CREATE VIEW balances AS SELECT acct AS account, sum(amt) AS balance FROM entries GROUP BY acct;
COMMENT ON COLUMN entries.amt IS 'never zero';
