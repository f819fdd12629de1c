CREATE SCHEMA eu;
CREATE SCHEMA us;
CREATE TABLE public.customers (id int PRIMARY KEY, name text);
CREATE TABLE eu.customers (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE us.customers (id int PRIMARY KEY, name text, zip text);
CREATE INDEX customers_name_idx ON us.customers (name);
CREATE VIEW public.all_customers AS
    SELECT id, name FROM public.customers
    UNION ALL SELECT id, name FROM eu.customers
    UNION ALL SELECT id, name FROM us.customers;
