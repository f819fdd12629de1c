CREATE TABLE customers (n bigint PRIMARY KEY, name text NOT NULL, fax text CONSTRAINT fax_is_there CHECK (fax <> ''));
CREATE INDEX customers_fax ON customers (fax);
