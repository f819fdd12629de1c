-- insert
INSERT INTO items (n, quantity) VALUES ($1::bigint, $1::bigint % 88) RETURNING quantity::text;
-- update
UPDATE items SET quantity = coalesce(quantity, 0) + 1 WHERE n = $1::bigint RETURNING quantity::text;
-- update
UPDATE items SET quantity = NULL WHERE n = $1::bigint RETURNING 'NULL';
-- read
SELECT quantity FROM items WHERE n = $1::bigint;
-- check
SELECT n, quantity::text FROM items;
