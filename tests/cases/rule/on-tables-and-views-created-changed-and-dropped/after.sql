INSERT INTO present VALUES (500, 'five hundred');
DELETE FROM present WHERE id = 500;
DELETE FROM log;
DO $$BEGIN
    ASSERT (SELECT gone FROM people WHERE id = 500);
    ASSERT (SELECT count(*) FROM log) = 1;
END$$;
