UPDATE items SET number = number + 100 WHERE number > 28;
DELETE FROM items WHERE number = 1;
INSERT INTO items VALUES (7, 7, 7);
UPDATE items SET moved = 2;
