DO $$BEGIN
    ASSERT (SELECT sum(n) FROM m2) = 100;
    ASSERT (SELECT count(*) FROM pairs()) = 100;
    ASSERT (SELECT count(*) FROM v4) = 3;
END$$;
