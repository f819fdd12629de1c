DO $$ BEGIN
    ASSERT (SELECT count(*) FROM t WHERE twice = 4) = 16;
    ASSERT total() = 32;
    ASSERT has_table_privilege('pgrh_copy_writer', 't', 'DELETE WITH GRANT OPTION');
    ASSERT NOT has_table_privilege('pgrh_copy_writer', 't', 'UPDATE');
    ASSERT has_column_privilege('pgrh_copy_writer', 't', 'a', 'UPDATE');
    ASSERT NOT has_column_privilege('pgrh_copy_writer', 't', 'secret', 'INSERT');
END $$;
