-- pgrehearse: renamed from em
CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
-- pgrehearse: renamed from ad
CREATE TYPE address AS (a text, e email);CREATE TABLE t (id int PRIMARY KEY, e email, h address);CREATE FUNCTION f(x email, y address) RETURNS address LANGUAGE sql AS $$ SELECT y $$;CREATE VIEW v AS SELECT (h).e, 'a@b'::email AS z FROM t;