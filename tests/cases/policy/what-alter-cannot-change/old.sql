CREATE TABLE notes (id bigint PRIMARY KEY, author text NOT NULL, body text, "Sort Key" integer NOT NULL DEFAULT 0);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes USING (author = current_user) WITH CHECK (author <> '');
CREATE POLICY seen ON notes FOR SELECT USING (id > 0);
CREATE POLICY strict ON notes USING (id > 0);
