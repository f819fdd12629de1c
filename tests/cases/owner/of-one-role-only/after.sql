DO $$ BEGIN
    ASSERT (SELECT relowner::regrole::text FROM pg_class WHERE oid = 'notes'::regclass) <> 'owner_two';
    ASSERT (SELECT relowner = (SELECT datdba FROM pg_database WHERE datname = current_database())
              FROM pg_class WHERE oid = 'titles'::regclass);
END $$;
