CREATE FUNCTION next_code() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT 'C' || gen_random_uuid()::text $$;
CREATE FUNCTION is_code(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 ~ '^C' $$;
CREATE FUNCTION key_of(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(btrim($1)) $$;
CREATE TABLE t (id int PRIMARY KEY, code text DEFAULT next_code() CHECK (is_code(code)));
CREATE INDEX t_key ON t (key_of(code));
