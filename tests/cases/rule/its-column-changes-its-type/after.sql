DELETE FROM people WHERE id > 90;
INSERT INTO named VALUES (900, 'nine hundred');
DO $$BEGIN
    ASSERT (SELECT count(*) FROM log) = 10;
    ASSERT (SELECT count(*) FROM people) = 101;
END$$;
