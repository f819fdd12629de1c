DO $$ BEGIN
    ASSERT (SELECT count(*) = 60 FROM tasks WHERE state = 'done');
END $$;
