CREATE SCHEMA app;
CREATE TABLE app.customers (id int PRIMARY KEY, mail text);
SECURITY LABEL FOR anon ON SCHEMA app IS 's';
SECURITY LABEL FOR anon ON TABLE app.customers IS 't';
SECURITY LABEL FOR anon ON COLUMN app.customers.mail IS 'c';
