CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);
CREATE VIEW titles AS SELECT title, id FROM notes;
GRANT SELECT ON titles TO default_two;
ALTER DEFAULT PRIVILEGES GRANT UPDATE ON TABLES TO default_reader;
