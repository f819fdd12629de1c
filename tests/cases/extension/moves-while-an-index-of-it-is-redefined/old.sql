CREATE SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;
CREATE TABLE h (id int PRIMARY KEY, a ext.hstore DEFAULT ''::ext.hstore, n text);
CREATE INDEX ha ON h USING gist (a); CREATE INDEX hn ON h USING gist (n ext.gist_trgm_ops(siglen=32));
CREATE FUNCTION hk(ext.hstore) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'x'$$;
CREATE INDEX hf ON h (hk(a));
