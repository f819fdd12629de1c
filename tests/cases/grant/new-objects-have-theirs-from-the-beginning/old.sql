CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);
GRANT SELECT ON notes TO grant_one;
