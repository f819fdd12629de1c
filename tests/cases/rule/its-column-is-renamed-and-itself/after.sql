DELETE FROM people WHERE id > 90;
DO $$BEGIN ASSERT (SELECT count(*) FROM log) = 10; END$$;
