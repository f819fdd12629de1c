CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text);
CREATE VIEW titles AS SELECT id, title FROM notes;
ALTER TABLE notes OWNER TO owner_one;
ALTER VIEW titles OWNER TO owner_two;
GRANT SELECT ON notes TO owner_two;
