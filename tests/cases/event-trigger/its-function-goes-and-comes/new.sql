CREATE SCHEMA "App";
CREATE FUNCTION "App".refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'it'; END $$;
CREATE TABLE t (id int);
CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION note();
