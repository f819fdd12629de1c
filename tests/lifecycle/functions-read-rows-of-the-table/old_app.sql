-- insert
INSERT INTO orders (n, total) VALUES ($1::bigint, 3) RETURNING total::text;
-- update
UPDATE orders SET total = total + 1 WHERE n = $1::bigint RETURNING total::text;
-- read: a session that has compiled a function goes on over the swap
SELECT by_row($1::bigint);
-- read
SELECT by_record($1::bigint);
-- read
SELECT by_type($1::bigint);
-- check
SELECT n, total::text FROM orders;
