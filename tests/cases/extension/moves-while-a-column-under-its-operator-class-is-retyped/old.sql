CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA public;
CREATE TABLE u (id int PRIMARY KEY, n text);
CREATE INDEX un ON u USING gin (n gin_trgm_ops);
