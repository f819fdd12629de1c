-- It is valid only when every partition has its part.
DO $$ BEGIN
    ASSERT (SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = 'events'::regclass);
    INSERT INTO events VALUES (7, 1, 'v') ON CONFLICT (n) DO UPDATE SET v = 'again';
    ASSERT (SELECT v = 'again' FROM events WHERE n = 7);
END $$;
