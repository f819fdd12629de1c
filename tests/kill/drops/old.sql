CREATE TABLE customers (n bigint PRIMARY KEY, name text NOT NULL, fax text NOT NULL CONSTRAINT fax_is_there CHECK (fax <> ''));
CREATE INDEX customers_fax ON customers (fax);
CREATE TABLE doomed (n int PRIMARY KEY);
CREATE TABLE orders (n bigint PRIMARY KEY, note text);
CREATE INDEX orders_note ON orders (note);
