DO $$BEGIN ASSERT NOT (SELECT relispopulated FROM pg_class WHERE relname = 'by_region'); END$$;
