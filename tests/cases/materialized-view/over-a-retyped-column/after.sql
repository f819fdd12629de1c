DO $$BEGIN
    ASSERT (SELECT count(*) FROM by_region) = 21;
    ASSERT (SELECT amount FROM by_region WHERE region = 'new') = 7;
    ASSERT (SELECT pg_typeof(amount)::text FROM by_region LIMIT 1) = 'numeric';
END$$;
