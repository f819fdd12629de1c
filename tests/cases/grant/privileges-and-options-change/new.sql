CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);

GRANT SELECT, DELETE ON notes TO grant_one WITH GRANT OPTION;
GRANT SELECT, INSERT, TRUNCATE ON notes TO grant_two;
GRANT SELECT (title), UPDATE (body) ON notes TO grant_two WITH GRANT OPTION;
