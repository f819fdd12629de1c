CREATE TABLE logs (id int PRIMARY KEY, lvl bigint);
CREATE FUNCTION f(l bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'x'$$;
CREATE INDEX logs_l ON logs (f(lvl));
