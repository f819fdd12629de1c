DO $$ BEGIN
    ASSERT (SELECT count(*) = 2 FROM pg_extension WHERE (extname, extversion) IN (('hstore', '1.7'), ('pg_buffercache', '1.2')));
END $$;
