DO $$ BEGIN
    ASSERT (SELECT count(DISTINCT token) = 21 AND count(seen) = 21 FROM t);
    ASSERT (SELECT count(DISTINCT luck) = 20 FROM parts);
END $$;
