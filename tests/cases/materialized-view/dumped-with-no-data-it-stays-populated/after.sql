DO $$BEGIN
    ASSERT (SELECT count(*) FROM by_region) = 20;
    ASSERT (SELECT count(*) FROM stays) = 2000;
END$$;
