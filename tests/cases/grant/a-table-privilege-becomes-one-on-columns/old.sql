CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);

GRANT SELECT, UPDATE ON notes TO grant_one;
GRANT SELECT (id) ON notes TO grant_one;
GRANT SELECT ON notes TO PUBLIC;
GRANT SELECT (title) ON notes TO PUBLIC;
