UPDATE logs SET at = at + 100 WHERE id < 10;
DELETE FROM logs WHERE id = 10;
