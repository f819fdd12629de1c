CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);

CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
GRANT SELECT, INSERT ON notes TO grant_one;
GRANT UPDATE (title) ON notes TO grant_one;
GRANT EXECUTE ON FUNCTION f() TO grant_one;
