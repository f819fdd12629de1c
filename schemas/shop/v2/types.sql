-- Types shared by the whole shop.

CREATE EXTENSION IF NOT EXISTS pg_trgm;     -- fuzzy product search

CREATE TYPE order_status AS ENUM ('pending', 'paid', 'shipped', 'returned', 'cancelled');

CREATE TYPE payment_method AS ENUM ('card', 'transfer', 'voucher', 'wallet');

-- How a parcel travels
CREATE TYPE carrier AS ENUM ('dhl', 'dpd', 'pickup');

-- Good enough to catch typing errors; the real check is the confirmation mail.
CREATE DOMAIN email_address AS text
    CHECK (VALUE ~ '^[^@[:space:]]+@[^@[:space:]]+$');

-- ISO 4217, upper case
CREATE DOMAIN currency_code AS char(3)
    DEFAULT 'EUR'
    CONSTRAINT currency_is_upper CHECK (VALUE = upper(VALUE));

COMMENT ON TYPE order_status IS 'Life of an order; a return may follow the shipment';
