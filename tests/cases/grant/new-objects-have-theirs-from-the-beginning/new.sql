CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);

GRANT SELECT ON notes TO grant_one;
CREATE SCHEMA inner_part;
GRANT USAGE ON SCHEMA inner_part TO grant_one;
CREATE TABLE inner_part.more (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n bigint REFERENCES notes, word text);
GRANT SELECT, INSERT ON inner_part.more TO grant_one;
GRANT UPDATE (word) ON inner_part.more TO grant_one;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA inner_part TO grant_one;
CREATE FUNCTION inner_part.secret() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA inner_part FROM PUBLIC;
CREATE VIEW inner_part.words AS SELECT word FROM inner_part.more;
GRANT SELECT ON inner_part.words TO grant_one, PUBLIC;
CREATE TYPE inner_part.kind AS ENUM ('a');
REVOKE USAGE ON TYPE inner_part.kind FROM PUBLIC;
