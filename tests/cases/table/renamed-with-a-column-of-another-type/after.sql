DO $$ BEGIN
    ASSERT (SELECT count(*) = 20 FROM purchases WHERE paid = 1);
    ASSERT (SELECT sum(amount) = 820 FROM purchases);
END $$;
