DO $$ BEGIN
    ASSERT (SELECT relowner::regrole::text FROM pg_class WHERE oid = 'app.unsaid'::regclass) = 'owner_one';
    ASSERT (SELECT relowner::regrole::text FROM pg_class WHERE oid = 'app.plain_id_seq'::regclass) = 'owner_one';
END $$;
