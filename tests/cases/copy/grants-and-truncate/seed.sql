INSERT INTO t (id, a) SELECT g, g FROM generate_series(1, 20) g;
INSERT INTO child SELECT g FROM generate_series(1, 20) g;
DO $$ BEGIN
    CREATE ROLE pgrh_copy_writer;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$;
GRANT SELECT, DELETE, TRUNCATE ON t TO pgrh_copy_writer WITH GRANT OPTION;
GRANT INSERT (id, a), UPDATE (a) ON t TO pgrh_copy_writer;
GRANT SELECT ON t TO PUBLIC;
