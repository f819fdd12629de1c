CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);

CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE TABLE "100% odd" (id integer GENERATED ALWAYS AS IDENTITY);
GRANT SELECT ON notes TO grant_one;
