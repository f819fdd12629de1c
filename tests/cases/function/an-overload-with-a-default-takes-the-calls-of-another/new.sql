CREATE FUNCTION f(a int, c text DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION f(a int, b int) RETURNS bigint LANGUAGE sql AS 'SELECT a::bigint + b';
CREATE VIEW v AS SELECT f(1) AS x, f(1, 2) AS y;