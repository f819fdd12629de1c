CREATE TABLE notes (id bigint PRIMARY KEY, author text NOT NULL, body text, "Sort Key" integer NOT NULL DEFAULT 0);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION visible(n bigint) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT n > 0 $$;
CREATE POLICY sorted ON notes USING ("Sort Key" < 100 AND visible(id));
COMMENT ON POLICY sorted ON notes IS 'by number';
