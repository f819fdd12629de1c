-- insert
INSERT INTO items (n, quantity) VALUES ($1::bigint, ($1::bigint % 77)::text) RETURNING quantity::text;
-- update
UPDATE items SET quantity = '12' WHERE n = $1::bigint RETURNING quantity::text;
-- update
UPDATE items SET note = 'x' WHERE n = $1::bigint RETURNING coalesce(quantity::text, 'NULL');
-- update
UPDATE items SET quantity = NULL WHERE n = $1::bigint RETURNING 'NULL';
-- delete
DELETE FROM items WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT quantity FROM items WHERE n = $1::bigint;
-- check
SELECT n, quantity::text FROM items;
