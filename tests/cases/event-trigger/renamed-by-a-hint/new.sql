CREATE SCHEMA "App";
CREATE FUNCTION "App".refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'it'; END $$;
-- pgrehearse: renamed from e
CREATE EVENT TRIGGER f ON sql_drop EXECUTE FUNCTION note();
COMMENT ON EVENT TRIGGER f IS 'kept';
