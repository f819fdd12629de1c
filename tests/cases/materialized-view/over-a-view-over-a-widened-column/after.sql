DO $$BEGIN ASSERT (SELECT count(*) FROM top) > 0; END$$;
