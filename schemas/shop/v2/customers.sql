-- People who have an account.
CREATE TABLE customers (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email         email_address NOT NULL UNIQUE,
    -- pgrehearse: renamed from full_name
    display_name  text NOT NULL,
    phone         text,
    password_hash text NOT NULL,
    locale        varchar(10) NOT NULL DEFAULT 'de-DE',
    marketing_ok  boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz
);

COMMENT ON TABLE customers IS 'People who have an account';
COMMENT ON COLUMN customers.password_hash IS 'argon2id, with its parameters';
COMMENT ON COLUMN customers.marketing_ok IS 'May we send them the newsletter? (opt-in)';

-- the back office searches without regard to case
CREATE INDEX customers_display_name_idx ON customers (lower(display_name) text_pattern_ops);

CREATE TRIGGER customers_touch
    BEFORE UPDATE ON customers
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
