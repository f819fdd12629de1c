CREATE TABLE notes (id bigint PRIMARY KEY, author text NOT NULL, body text, "Sort Key" integer NOT NULL DEFAULT 0);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE ROLE note_reader NOLOGIN;
CREATE POLICY own ON notes TO note_reader USING (author = current_user OR "Sort Key" > 3);
CREATE POLICY seen ON notes FOR SELECT USING (id > 10);
CREATE POLICY changed ON notes FOR UPDATE USING (id > 0) WITH CHECK (id > 1);
