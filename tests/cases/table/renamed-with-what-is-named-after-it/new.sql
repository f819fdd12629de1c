-- pgrehearse: renamed from clients
CREATE TABLE customers (
    id serial PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    email text UNIQUE CHECK (email <> ''),
    referred_by int REFERENCES customers
);
CREATE INDEX ON customers (number);
CREATE TABLE bills (
    -- pgrehearse: renamed from id
    bill serial PRIMARY KEY,
    client int REFERENCES customers
);
