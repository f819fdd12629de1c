CREATE DOMAIN status AS text CHECK (VALUE IN ('on', 'off'));
CREATE SEQUENCE thing;
CREATE TABLE t (id int PRIMARY KEY);
CREATE INDEX other ON t (id);
