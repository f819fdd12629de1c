DO $$BEGIN ASSERT (SELECT count(*) FROM over_it) = 20; END$$;
