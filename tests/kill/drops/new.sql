CREATE EXTENSION pg_stat_statements;
CREATE TABLE customers (n bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (n bigint PRIMARY KEY, note text);
