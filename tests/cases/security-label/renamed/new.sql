CREATE SCHEMA app;
-- pgrehearse: renamed from app.customers
CREATE TABLE app.clients (
    id int PRIMARY KEY,
    -- pgrehearse: renamed from mail
    address text
);
SECURITY LABEL FOR anon ON SCHEMA app IS 's';
SECURITY LABEL FOR anon ON TABLE app.clients IS 't';
SECURITY LABEL FOR anon ON COLUMN app.clients.address IS 'c';
