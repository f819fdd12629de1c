CREATE TABLE logs (id int PRIMARY KEY, lvl bigint);
CREATE FUNCTION f(l bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'x'$$;
ALTER TABLE logs ADD CONSTRAINT lc CHECK (f(lvl) <> 'z');
