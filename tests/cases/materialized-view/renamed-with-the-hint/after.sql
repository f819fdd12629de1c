DO $$BEGIN ASSERT (SELECT count(*) FROM "Totals") = 20; END$$;
