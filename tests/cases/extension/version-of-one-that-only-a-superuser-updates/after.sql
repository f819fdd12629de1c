DO $$ BEGIN
    ASSERT (SELECT extversion = '1.3' FROM pg_extension WHERE extname = 'pg_buffercache');
END $$;
