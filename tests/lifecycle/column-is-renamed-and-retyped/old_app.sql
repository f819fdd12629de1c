-- insert
INSERT INTO items (n, price) VALUES ($1::bigint, $1::bigint % 900 || ' EUR') RETURNING price;
-- insert: by the default
INSERT INTO items (n) VALUES ($1::bigint) RETURNING price;
-- update
UPDATE items SET price = (replace(price, ' EUR', '')::int + 1) % 10000 || ' EUR' WHERE n = $1::bigint RETURNING price;
-- update
UPDATE items SET note = 'x' WHERE n = $1::bigint RETURNING price;
-- delete
DELETE FROM items WHERE n = $1::bigint RETURNING n::text;
-- read
SELECT price FROM items WHERE n = $1::bigint;
-- check
SELECT n, price FROM items;
-- side by side
INSERT INTO items (n, cents) VALUES (-1, 700) RETURNING price = '7 EUR';
UPDATE items SET price = '8 EUR' WHERE n = -1 RETURNING cents = 800;
UPDATE items SET cents = 900 WHERE n = -1 RETURNING price = '9 EUR';
INSERT INTO items (n) VALUES (-2) RETURNING price = '1 EUR' AND cents = 100;
