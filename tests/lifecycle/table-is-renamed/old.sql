CREATE TABLE clients (n bigint PRIMARY KEY, name text NOT NULL DEFAULT 'nobody', note text);
CREATE INDEX clients_name ON clients (name);
