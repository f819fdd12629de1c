CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);

GRANT SELECT (id, title), UPDATE (title) ON notes TO grant_one;
GRANT SELECT (title) ON notes TO PUBLIC;
