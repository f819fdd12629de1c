CREATE SCHEMA tools;
CREATE SCHEMA ext;
CREATE EXTENSION hstore SCHEMA tools;
CREATE EXTENSION pg_trgm SCHEMA tools;
CREATE TABLE h (id int PRIMARY KEY, a tools.hstore DEFAULT 'a=>1'::tools.hstore, n text);
CREATE INDEX ha ON h USING gin (a); CREATE INDEX hn ON h USING gist (n tools.gist_trgm_ops(siglen=64));
CREATE FUNCTION hk(tools.hstore) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'y'$$;
CREATE INDEX hf ON h (hk(a));
