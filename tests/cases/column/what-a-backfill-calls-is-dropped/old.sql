CREATE FUNCTION a_once(x text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper(x)';
CREATE TABLE t (id int PRIMARY KEY, name text);
