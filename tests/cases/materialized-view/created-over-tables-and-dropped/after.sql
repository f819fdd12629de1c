DO $$BEGIN
    ASSERT (SELECT count(*) FROM by_region) = 21;
    ASSERT (SELECT count(*) FROM above) = 3;
    ASSERT NOT (SELECT relispopulated FROM pg_class WHERE relname = 'later');
END$$;
