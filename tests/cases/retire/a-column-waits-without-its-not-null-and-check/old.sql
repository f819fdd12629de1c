CREATE TABLE customers (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    fax text NOT NULL CONSTRAINT customers_fax_format CHECK (fax <> ''),
    CONSTRAINT customers_fax_or_name CHECK (fax IS NOT NULL OR name IS NOT NULL)
);
COMMENT ON CONSTRAINT customers_fax_format ON customers IS 'as in the form';
COMMENT ON COLUMN customers.fax IS 'with country code';
CREATE INDEX customers_fax ON customers (fax);
CREATE VIEW faxes AS SELECT id, fax FROM customers;
