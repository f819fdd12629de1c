CREATE TABLE clients (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "Full Name" text NOT NULL DEFAULT '',
    referred_by bigint REFERENCES clients
);
CREATE INDEX clients_name ON clients ("Full Name");
ALTER TABLE clients ENABLE ROW LEVEL SECURITY;
CREATE TABLE bills (id int PRIMARY KEY, client bigint NOT NULL REFERENCES clients ON DELETE CASCADE);
CREATE VIEW recent AS SELECT id, "Full Name" FROM clients WHERE id > 10;
COMMENT ON TABLE clients IS 'who pays';
