CREATE TABLE notes (id bigint PRIMARY KEY, author text NOT NULL, body text,
    -- pgrehearse: renamed from "Sort Key"
    rank integer NOT NULL DEFAULT 0);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY sorted ON notes USING (rank < 100);
