INSERT INTO loud VALUES (500, 'FIVE');
DO $$BEGIN ASSERT (SELECT name FROM people WHERE id = 500) = 'five'; END$$;
