CREATE TYPE size AS ENUM ('S', 'M', 'L');
CREATE TABLE shirts (id int PRIMARY KEY, size size, color text);
CREATE FUNCTION bigger(size) RETURNS size LANGUAGE sql IMMUTABLE AS $$ SELECT 'L'::size $$;
