CREATE TABLE t (id int PRIMARY KEY);
CREATE FUNCTION greet(name text, loud boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$ SELECT 'hi ' || name $$;
CREATE FUNCTION page(size int DEFAULT 10) RETURNS int LANGUAGE sql AS 'SELECT size';
CREATE FUNCTION more(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT a';
