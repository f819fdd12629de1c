INSERT INTO notes SELECT g, g, g FROM generate_series(1, 500) g;
DO $$ BEGIN
    CREATE ROLE grant_kept;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$;
GRANT SELECT ON titles TO grant_kept;
GRANT SELECT (id) ON titles TO PUBLIC;
GRANT SELECT ON notes TO grant_kept;
GRANT UPDATE (id) ON notes TO grant_kept WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION f FROM PUBLIC;
GRANT EXECUTE ON FUNCTION f TO grant_kept;
