UPDATE t SET day = day % 10 + 1 WHERE id > 30;
UPDATE t SET region = 'west' WHERE id = 2;
