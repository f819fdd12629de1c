DO $$ BEGIN
    ASSERT (SELECT count(*) FROM t) = 40;
    ASSERT (SELECT tableoid::regclass::text FROM t WHERE id = 2) LIKE '%t_low_rest';
    ASSERT (SELECT tableoid::regclass::text FROM t WHERE id = 40) LIKE '%t_low_north';
END $$;
