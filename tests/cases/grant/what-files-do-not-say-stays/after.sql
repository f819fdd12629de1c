DO $$ BEGIN
    ASSERT has_table_privilege('grant_kept', 'titles', 'SELECT');
    ASSERT (SELECT attacl::text LIKE '{=r/%' FROM pg_attribute WHERE attrelid = 'titles'::regclass AND attname = 'id');
    ASSERT has_table_privilege('grant_kept', 'notes', 'SELECT');
    ASSERT has_column_privilege('grant_kept', 'notes', 'id', 'UPDATE WITH GRANT OPTION');
    ASSERT has_function_privilege('grant_kept', 'f()', 'EXECUTE');
    ASSERT NOT EXISTS (SELECT FROM pg_proc, aclexplode(proacl) WHERE proname = 'f' AND grantee = 0);
END $$;
