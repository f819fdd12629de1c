CREATE TABLE customers (n bigint PRIMARY KEY, name text NOT NULL);
