CREATE TABLE logs (id int PRIMARY KEY, lvl int);
CREATE FUNCTION f(l int) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'x'$$;
CREATE INDEX logs_l ON logs (f(lvl));
