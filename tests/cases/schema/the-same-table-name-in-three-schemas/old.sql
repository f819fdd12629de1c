CREATE SCHEMA eu;
CREATE SCHEMA us;
CREATE TABLE public.customers (id int PRIMARY KEY, name text);
CREATE TABLE eu.customers (id int PRIMARY KEY, name text);
CREATE TABLE us.customers (id int PRIMARY KEY, name text);
CREATE INDEX customers_name_idx ON eu.customers (name);
