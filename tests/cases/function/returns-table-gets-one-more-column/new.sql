CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE FUNCTION listing() RETURNS TABLE (id int, v text, len int) LANGUAGE sql STABLE AS 'SELECT id, v, length(v) FROM t';
CREATE FUNCTION pair(OUT a bigint, OUT b text) RETURNS SETOF record LANGUAGE sql AS $$ SELECT 1::bigint, 'x' $$;
CREATE FUNCTION any_of(anyelement, anyarray) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = ANY ($2)';
