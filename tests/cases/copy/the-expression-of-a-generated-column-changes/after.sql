DO $$ BEGIN
    ASSERT (SELECT count(*) FROM items WHERE total <> price * 3) = 0;
    ASSERT (SELECT count(*) FROM items WHERE number > 100) = 2;
    ASSERT (SELECT total FROM totals WHERE shop = 7) = 21;
END $$;
