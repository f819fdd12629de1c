CREATE TABLE notes (id bigint PRIMARY KEY, author text NOT NULL, body text, "Sort Key" integer NOT NULL DEFAULT 0);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE ROLE "Note Reader" NOLOGIN;
CREATE POLICY own ON notes TO "Note Reader" USING (author = current_user);
CREATE POLICY "no Secrets" ON notes AS RESTRICTIVE FOR SELECT USING (body NOT LIKE 'secret%');
CREATE POLICY add ON notes FOR INSERT WITH CHECK (author = current_user);
CREATE POLICY change ON notes FOR UPDATE TO PUBLIC USING (author = current_user) WITH CHECK ("Sort Key" >= 0);
CREATE POLICY remove ON notes FOR DELETE USING (false);
COMMENT ON POLICY own ON notes IS 'each their own';
