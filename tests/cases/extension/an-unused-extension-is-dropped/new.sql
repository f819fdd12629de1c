CREATE EXTENSION hstore;
CREATE TABLE t (id int PRIMARY KEY, h hstore);
COMMENT ON EXTENSION hstore IS 'key and value, nothing more';
