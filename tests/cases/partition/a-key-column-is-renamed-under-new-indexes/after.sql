DO $$ BEGIN ASSERT (SELECT count(*) FROM m) = 100; END $$;
