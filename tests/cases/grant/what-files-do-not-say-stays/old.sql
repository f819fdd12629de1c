CREATE TABLE notes (id integer PRIMARY KEY, title text, body text);
CREATE VIEW titles AS SELECT id, title FROM notes;
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
