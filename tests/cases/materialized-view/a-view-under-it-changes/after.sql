DO $$BEGIN ASSERT (SELECT count(*) FROM by_region) = 20; END$$;
