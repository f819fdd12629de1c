-- People who have an account.
CREATE TABLE customers (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email         email_address NOT NULL UNIQUE,
    full_name     text NOT NULL,
    phone         text,
    fax           text,             -- nobody has one any more
    password_hash text NOT NULL,
    locale        varchar(10) DEFAULT 'de-DE',
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz
);

COMMENT ON TABLE customers IS 'People who have an account';
COMMENT ON COLUMN customers.password_hash IS 'argon2id, with its parameters';

CREATE INDEX customers_full_name_idx ON customers (full_name);

CREATE TRIGGER customers_touch
    BEFORE UPDATE ON customers
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
