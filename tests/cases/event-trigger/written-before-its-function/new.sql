CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION later.new();
CREATE SCHEMA later;
CREATE FUNCTION later.new() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
