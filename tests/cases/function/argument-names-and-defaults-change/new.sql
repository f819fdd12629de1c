CREATE TABLE t (id int PRIMARY KEY);
CREATE FUNCTION greet(who text, loud boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$ SELECT 'hi ' || who $$;
CREATE FUNCTION page(size int) RETURNS int LANGUAGE sql AS 'SELECT size';
CREATE FUNCTION more(a int, b int DEFAULT 1 + 1) RETURNS int LANGUAGE sql AS 'SELECT a';
