CREATE TYPE p AS (a int, b text);
CREATE FUNCTION f(p) RETURNS int LANGUAGE sql AS 'SELECT ($1).a';
