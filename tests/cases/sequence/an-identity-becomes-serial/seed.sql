INSERT INTO a (n) SELECT i FROM generate_series(1, 40) i;
DELETE FROM a WHERE id > 30;
