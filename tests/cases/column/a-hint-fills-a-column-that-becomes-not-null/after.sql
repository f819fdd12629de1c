DO $$ BEGIN
    ASSERT (SELECT v = 'none' FROM t WHERE id = 101);
    ASSERT (SELECT v = 'w' FROM t WHERE id = 102);
    ASSERT (SELECT v = 'w' FROM t WHERE id = 3);
    ASSERT (SELECT v = 'v' FROM t WHERE id = 2);
END $$;
