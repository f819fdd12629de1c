CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text);
CREATE VIEW titles AS SELECT id, title FROM notes;
GRANT SELECT ON titles TO default_two;
ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO default_reader;
