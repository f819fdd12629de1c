CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);

GRANT SELECT, INSERT, UPDATE ON notes TO grant_one;
GRANT SELECT, DELETE ON notes TO grant_two WITH GRANT OPTION;
GRANT INSERT ON notes TO grant_two;
GRANT UPDATE (title, body) ON notes TO grant_two;
