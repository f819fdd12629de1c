CREATE TABLE notes (id bigint PRIMARY KEY, author text NOT NULL, body text);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY sorted ON notes USING (id < 100);
