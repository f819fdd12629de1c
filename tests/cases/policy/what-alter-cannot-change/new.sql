CREATE TABLE notes (id bigint PRIMARY KEY, author text NOT NULL, body text, "Sort Key" integer NOT NULL DEFAULT 0);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes USING (author = current_user);
CREATE POLICY seen ON notes FOR DELETE USING (id > 0);
CREATE POLICY strict ON notes AS RESTRICTIVE USING (id > 0);
