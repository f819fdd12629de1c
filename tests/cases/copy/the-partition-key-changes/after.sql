DO $$ BEGIN
    ASSERT (SELECT region FROM readings WHERE id = 3) = 'east';
    ASSERT EXISTS (SELECT FROM readings_a WHERE id = 50 AND value = 0);
    ASSERT EXISTS (SELECT FROM readings_rest WHERE id = 100);
END $$;
