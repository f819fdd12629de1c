CREATE TYPE money_amount AS (amount numeric(12,2), currency text, rounded boolean);
CREATE TABLE ledger (id int PRIMARY KEY, total money_amount);
