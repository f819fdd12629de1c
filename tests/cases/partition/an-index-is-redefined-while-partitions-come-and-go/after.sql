-- It is valid only when every partition has its part.
DO $$ BEGIN
    ASSERT (SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = 'events'::regclass);
END $$;
