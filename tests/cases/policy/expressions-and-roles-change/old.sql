CREATE TABLE notes (id bigint PRIMARY KEY, author text NOT NULL, body text, "Sort Key" integer NOT NULL DEFAULT 0);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE ROLE note_reader NOLOGIN;
CREATE POLICY own ON notes USING (author = current_user);
CREATE POLICY seen ON notes FOR SELECT TO note_reader USING (id > 0);
CREATE POLICY changed ON notes FOR UPDATE USING (id > 0) WITH CHECK (id > 0);
