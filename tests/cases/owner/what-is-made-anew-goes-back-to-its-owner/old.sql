CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text, n integer, m integer);
CREATE VIEW titles AS SELECT id, title FROM notes;
CREATE MATERIALIZED VIEW counts AS SELECT title, count(*) AS c FROM notes GROUP BY title;
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE TYPE pair AS RANGE (SUBTYPE = integer);
GRANT USAGE, CREATE ON SCHEMA public TO anew_one;
