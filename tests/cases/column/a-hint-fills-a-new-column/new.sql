CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE FUNCTION clean(x text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(x)';
CREATE FUNCTION measure(x text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length(x)';
CREATE TABLE users (
    id int PRIMARY KEY,
    email text,
    old_email text,
    -- pgrehearse: backfill (clean(coalesce(email, old_email)))
    login text NOT NULL UNIQUE,
    -- pgrehearse: backfill ('calm')
    feels mood NOT NULL DEFAULT 'wild',
    -- pgrehearse: backfill (measure(email))
    size int
);
CREATE TABLE parts (
    id int NOT NULL,
    at date NOT NULL,
    -- pgrehearse: backfill (extract(year FROM at))
    year int NOT NULL
) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
