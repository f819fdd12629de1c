DO $$BEGIN
    ASSERT (SELECT count(*) FROM by_region) = 20;
    ASSERT (SELECT count(*) FROM largest) = 3;
    ASSERT (SELECT count(*) FROM shown()) = 20;
END$$;
