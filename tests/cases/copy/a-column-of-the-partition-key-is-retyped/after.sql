DO $$ BEGIN
    ASSERT (SELECT count(*) FROM logs_high WHERE id < 10) = 9;
END $$;
