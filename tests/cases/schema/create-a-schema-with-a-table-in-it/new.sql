CREATE TABLE accounts (id int PRIMARY KEY, name text NOT NULL);
CREATE SCHEMA billing;
CREATE TABLE billing.invoices (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id int NOT NULL REFERENCES public.accounts,
    total      numeric(12,2) NOT NULL
);
COMMENT ON SCHEMA billing IS 'Money only';
