DO $$ BEGIN
    ASSERT (SELECT array_agg(relname || ' ' || relowner::regrole ORDER BY relname) FROM pg_class
             WHERE relkind IN ('r', 'v', 'm', 'S') AND relnamespace = 'public'::regnamespace)
         = ARRAY['counts anew_one', 'notes anew_one', 'notes_id_seq anew_one', 'notes_k_seq anew_one', 'titles anew_one'];
    ASSERT (SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'f') = 'anew_one';
    ASSERT (SELECT typowner::regrole::text FROM pg_type WHERE typname = 'pair') = 'anew_one';
END $$;
