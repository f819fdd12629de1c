CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text, more text);
CREATE VIEW titles AS SELECT id, title FROM notes;
ALTER TABLE notes OWNER TO owner_two;
ALTER VIEW titles OWNER TO owner_two;
