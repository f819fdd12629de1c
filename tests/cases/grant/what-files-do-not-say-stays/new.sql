CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);
CREATE VIEW titles AS SELECT id, title, 'x' || body AS more FROM notes;
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
