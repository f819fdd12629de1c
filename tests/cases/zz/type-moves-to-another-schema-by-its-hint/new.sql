CREATE SCHEMA b;
-- pgrehearse: renamed from public.kind
CREATE TYPE b.kind AS ENUM ('a', 'b');
CREATE TABLE customers (id int PRIMARY KEY, k b.kind NOT NULL DEFAULT 'a');
