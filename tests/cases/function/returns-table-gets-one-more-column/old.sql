CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE FUNCTION listing() RETURNS TABLE (id int, v text) LANGUAGE sql STABLE AS 'SELECT id, v FROM t';
CREATE FUNCTION pair(OUT a int, OUT b text) LANGUAGE sql AS $$ SELECT 1, 'x' $$;
