DO $$BEGIN ASSERT (SELECT count(*) FROM by_region) = 20, 'the old one is read until contract'; END$$;
