CREATE TABLE clients (
    id serial PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    email text UNIQUE CHECK (email <> ''),
    referred_by int REFERENCES clients
);
CREATE INDEX ON clients (number);
CREATE TABLE bills (id serial PRIMARY KEY, client int REFERENCES clients);
