CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);
CREATE VIEW titles AS SELECT id, title FROM notes;
GRANT SELECT, INSERT ON notes TO grant_one;
GRANT UPDATE (id, title), REFERENCES (id) ON notes TO grant_one WITH GRANT OPTION;
GRANT SELECT (id), INSERT (id) ON notes TO grant_two;
GRANT SELECT ON titles TO grant_two;
GRANT UPDATE (title) ON titles TO grant_two;
