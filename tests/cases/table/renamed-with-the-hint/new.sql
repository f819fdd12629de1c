-- pgrehearse: renamed from clients
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "Full Name" text NOT NULL DEFAULT '',
    referred_by bigint REFERENCES customers
);
CREATE INDEX clients_name ON customers ("Full Name");
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
CREATE TABLE bills (id int PRIMARY KEY, client bigint NOT NULL REFERENCES customers ON DELETE CASCADE);
CREATE VIEW recent AS SELECT id, "Full Name" FROM customers WHERE id > 10;
COMMENT ON TABLE customers IS 'who pays';
ALTER TABLE customers RENAME CONSTRAINT customers_pkey TO clients_pkey;
ALTER TABLE customers RENAME CONSTRAINT customers_referred_by_fkey TO clients_referred_by_fkey;
ALTER SEQUENCE customers_id_seq RENAME TO clients_id_seq;
