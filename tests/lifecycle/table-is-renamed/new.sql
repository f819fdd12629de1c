-- pgrehearse: renamed from clients
CREATE TABLE customers (n bigint CONSTRAINT clients_pkey PRIMARY KEY, name text NOT NULL DEFAULT 'nobody', note text);
CREATE INDEX clients_name ON customers (name);
