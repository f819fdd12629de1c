-- insert
INSERT INTO items (n, cents) VALUES ($1::bigint, $1::bigint % 900 * 100) RETURNING (cents / 100)::text || ' EUR';
-- insert: by the default
INSERT INTO items (n) VALUES ($1::bigint) RETURNING (cents / 100)::text || ' EUR';
-- update
UPDATE items SET cents = (cents + 300) % 1000000 WHERE n = $1::bigint RETURNING (cents / 100)::text || ' EUR';
-- update
UPDATE items SET note = 'y' WHERE n = $1::bigint RETURNING (cents / 100)::text || ' EUR';
-- delete
DELETE FROM items WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT cents FROM items WHERE n = $1::bigint;
-- check
SELECT n, (cents / 100)::text || ' EUR' FROM items;
-- at the end
INSERT INTO items (n) VALUES (-1) RETURNING cents = 100;
