CREATE FUNCTION squash(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.replace(pg_catalog.lower($1), ' ', '') $$;
CREATE TABLE t (id int PRIMARY KEY, a text CHECK (squash(a) <> ''));
CREATE UNIQUE INDEX t_squashed ON t (squash(a));
