CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;
CREATE TABLE u (id bigint PRIMARY KEY, n varchar(80));
CREATE INDEX un ON u USING gin (n ext.gin_trgm_ops);
