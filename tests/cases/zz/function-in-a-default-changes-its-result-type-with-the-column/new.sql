CREATE FUNCTION base(x int) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$SELECT x::bigint$$;
CREATE TABLE q (id int PRIMARY KEY, c bigint DEFAULT base(1));
