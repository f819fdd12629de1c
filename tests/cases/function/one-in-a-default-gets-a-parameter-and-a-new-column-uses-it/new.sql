CREATE FUNCTION gen(p text DEFAULT 'c') RETURNS text LANGUAGE sql AS $$SELECT p$$;
CREATE TABLE k (id int PRIMARY KEY, code text NOT NULL DEFAULT gen(), code2 text NOT NULL DEFAULT gen());
